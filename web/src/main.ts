import { webEnglish } from '@gochat/view/web-words';
import { registerWorker } from './register-worker.ts';
import { start } from './start.tsx';

// What the worker keeps is fetched when the page has what it is drawn with.
void start(document.body, webEnglish).then(registerWorker);
