import type { Snapshot } from '@gochat/view/snapshot';
import type { View } from '@gochat/view/view';
import { useEffect, useState } from 'preact/hooks';

/** The view's snapshot; the component is drawn again whenever it changes. */
export function useSnapshot(view: View): Snapshot {
  const [snapshot, setSnapshot] = useState(() => view.getSnapshot());
  useEffect(() => {
    const take = () => setSnapshot(view.getSnapshot());
    take();
    return view.subscribe(take);
  }, [view]);
  return snapshot;
}
