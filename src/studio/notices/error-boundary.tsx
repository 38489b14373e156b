import { Component, type ReactNode } from 'react';
import { Icon } from '../ui/icon.tsx';
import { NoticeCard } from './notices.tsx';

/** Shows a notice instead of a blank page when a component throws. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { readonly thrown?: unknown }> {
  override state: { readonly thrown?: unknown } = {};

  static getDerivedStateFromError(thrown: unknown) {
    return { thrown };
  }

  override render(): ReactNode {
    const { thrown } = this.state;
    if (thrown === undefined) return this.props.children;
    return (
      <main className="boundary">
        <NoticeCard
          notice={{
            id: 'defect',
            tone: 'bad',
            title: 'The page has crashed',
            text: 'Pictures that you saved as files are safe. Reload the page to continue, and please report the details below.',
            details: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
          }}
        >
          <button type="button" className="btn primary" onClick={() => location.reload()}>
            <Icon name="undo" />
            <span>Reload the page</span>
          </button>
        </NoticeCard>
      </main>
    );
  }
}
