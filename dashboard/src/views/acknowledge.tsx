import { useEffect, useRef, useState } from 'preact/hooks';
import { acknowledge } from '../api/rest';
import type { Alert } from '../api/types';
import { capital } from '../format';
import { alertsChanged, fleet } from '../state/store';

const nameKey = 'kappa.name';

/** Asks who acknowledges an alert, and writes it to the log. */
export function Acknowledge({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [by, setBy] = useState(localStorage.getItem(nameKey) ?? '');
  const [comment, setComment] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const stored = await acknowledge(alert.id, by, comment);
      localStorage.setItem(nameKey, by);
      if (fleet.put(stored)) alertsChanged.value++;
      onClose();
    } catch (e) {
      setProblem(e instanceof Error ? e.message : String(e));
      setBusy(false);
    }
  };

  return (
    <dialog ref={dialog} class="dialog" onClose={onClose} aria-labelledby="acknowledge-title">
      <form onSubmit={(e) => void submit(e)}>
        <h3 id="acknowledge-title">
          Acknowledge {alert.severity} {alert.type} alert
        </h3>
        <p class="muted">{alert.vin}</p>
        <label>
          Your name
          <input name="by" required maxLength={100} value={by} onInput={(e) => setBy(e.currentTarget.value)} autoFocus />
        </label>
        <label>
          Comment
          <textarea name="comment" rows={3} maxLength={1000} value={comment} onInput={(e) => setComment(e.currentTarget.value)} />
        </label>
        {problem && (
          <p class="problem" role="alert">
            {capital(problem)}
          </p>
        )}
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={busy}>
            Acknowledge
          </button>
        </div>
      </form>
    </dialog>
  );
}
