package io.adapt4j.core.augment;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** In-memory rows with references to their original rows. */
final class AugmentedRows {

  private final Dataset original;
  private final Optional<String> idField;
  private final List<String> keptFields;
  private final List<Made> rows = new ArrayList<>();

  private record Made(Example example, int source, int paraphrase, Row fields) {}

  AugmentedRows(Dataset original, Optional<String> idField, List<String> keptFields) {
    this.original = original;
    this.idField = idField;
    this.keptFields = keptFields;
  }

  /** Adds a row; the original itself is paraphrase 0. */
  void add(Example example, int source, int paraphrase) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(
        Augmented.SOURCE,
        idField.map(field -> (Object) source(source, field).text(field)).orElse((long) source));
    fields.put(Augmented.PARAPHRASE, (long) paraphrase);
    for (String field : keptFields) {
      fields.put(field, source(source, field).value(field));
    }
    rows.add(new Made(example, source, paraphrase, Row.of(fields)));
  }

  private Row source(int row, String field) {
    return original
        .source(row)
        .filter(found -> found.has(field))
        .orElseThrow(
            () ->
                new DatasetException(
                    original.locate(row)
                        + ": expected field '"
                        + field
                        + "', found "
                        + original.source(row).map(Row::fields).orElse(Set.of())
                        + ". Fill it in every row, or name another."));
  }

  Dataset dataset() {
    if (rows.isEmpty()) {
      throw new DatasetException(
          original.name() + ": no row was made. Look at the rejected ones in the report.");
    }
    return new View(original, List.copyOf(rows));
  }

  private record View(Dataset original, List<Made> rows) implements Dataset {

    @Override
    public String name() {
      return original.name();
    }

    @Override
    public int size() {
      return rows.size();
    }

    @Override
    public Example get(int row) {
      return rows.get(row).example();
    }

    @Override
    public String locate(int row) {
      Made made = rows.get(row);
      return original.locate(made.source()) + ", paraphrase " + made.paraphrase();
    }

    @Override
    public Optional<Row> source(int row) {
      return Optional.of(rows.get(row).fields());
    }

    @Override
    public double weight(int row) {
      return original.weight(rows.get(row).source());
    }
  }
}
