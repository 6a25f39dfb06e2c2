import { webEnglish } from '@gochat/view/web-words';
import { registerWorker } from './register-worker.ts';
import { start } from './start.tsx';

void start(document.body, webEnglish);
void registerWorker();
