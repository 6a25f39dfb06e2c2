import type { WebText } from '@gochat/view/web-words';
import type { Words } from '@gochat/view/words';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

const Given = createContext<Words<WebText> | undefined>(undefined);

/** Gives the words to all components inside. */
export const WordsProvider = Given.Provider;

/** @throws Error outside of a {@link WordsProvider}. */
export function useWords(): Words<WebText> {
  const words = useContext(Given);
  if (words === undefined) throw new Error('no words were given');
  return words;
}

/** What the page itself says; what it shows of a chat comes from the view, in words already. */
export function useText(): WebText['web'] {
  return useWords().text.web;
}
