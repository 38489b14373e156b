import { useActions } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { useGallery, useGalleryActions } from './context.tsx';

/** What can be done with the selected pictures. */
export function SelectionBar() {
  const selected = useGallery((state) => state.selected);
  const { clearSelection } = useGalleryActions();
  const { deleteStored } = useActions();
  if (selected.size === 0) return null;
  return (
    <section className="selection-bar" aria-label="Selected pictures">
      <p>{selected.size === 1 ? '1 picture selected' : `${selected.size} pictures selected`}</p>
      <button type="button" className="btn" onClick={() => deleteStored([...selected])}>
        <Icon name="bin" /> Delete
      </button>
      <button type="button" className="btn quiet" onClick={clearSelection}>
        Clear
      </button>
    </section>
  );
}
