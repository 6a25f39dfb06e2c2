import { type WebText, webEnglish } from '@gochat/view/web-words';
import { Words } from '@gochat/view/words';

export const words: Words<WebText> = new Words(navigator.language, webEnglish);

/** Everything that the page itself says; what it shows of a chat comes worded from the view. */
export const WORDS = words.text.web;
