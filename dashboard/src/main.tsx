import { render } from 'preact';
import { App } from './app';
import { followAddress } from './state/router';
import { startStore } from './state/store';
import './style.css';

followAddress();
startStore();
render(<App />, document.getElementById('app')!);
