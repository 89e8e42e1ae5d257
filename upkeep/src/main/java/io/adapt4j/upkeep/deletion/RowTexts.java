package io.adapt4j.upkeep.deletion;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.internal.TextTrace;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Texts by which prompts made of rows are found. */
final class RowTexts {

  private RowTexts() {}

  /** Returns the texts of rows that no other row has; short ones only if there are no others. */
  static List<String> of(Dataset data, Set<Integer> rows) {
    Set<String> texts = new LinkedHashSet<>();
    rows.forEach(row -> texts.addAll(texts(data, row)));
    for (int row = 0; row < data.size(); row++) {
      if (!rows.contains(row)) {
        texts(data, row).forEach(texts::remove);
      }
    }
    List<String> found = texts.stream().filter(text -> !TextTrace.isShort(text)).toList();
    return found.isEmpty() ? List.copyOf(texts) : found;
  }

  private static List<String> texts(Dataset data, int number) {
    Row row =
        data.source(number)
            .orElseThrow(
                () ->
                    new DatasetException(
                        data.locate(number)
                            + ": kept replies are found by the fields of rows, which data in"
                            + " memory does not have. Leave out replies() and answers()."));
    return row.fields().stream()
        .map(row::value)
        .flatMap(value -> TextTrace.texts(value).stream())
        .toList();
  }
}
