package io.adapt4j.eval.internal.metric.text;

import io.adapt4j.eval.internal.metric.Rows;
import java.util.List;

/** Number of references per row, for the signatures of sacrebleu. */
public final class ReferenceCount {
  private static final int NONE = 0;
  private static final int VARIES = -1;

  private int count = NONE;

  /** Checks one row's texts and counts its references. */
  public void add(long row, String hypothesis, List<String> references) {
    Rows.present(row, "the hypothesis", hypothesis);
    if (references.isEmpty()) {
      throw Rows.bad(row, "there is no reference; give at least one, which may be empty");
    }
    references.forEach(text -> Rows.present(row, "a reference", text));
    include(references.size());
  }

  public void merge(ReferenceCount other) {
    if (other.count != NONE) {
      include(other.count);
    }
  }

  private void include(int size) {
    count = count == NONE || count == size ? size : VARIES;
  }

  public String signature() {
    return count == VARIES ? "var" : Integer.toString(count);
  }
}
