import { render } from 'preact';
import { registerWorker } from './register-worker.ts';
import { App } from './ui/app.tsx';

render(<App />, document.body);
void registerWorker();
