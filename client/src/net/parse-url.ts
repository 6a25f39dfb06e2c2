export { parseUrl } from '@gochat/protocol/parse-url';
