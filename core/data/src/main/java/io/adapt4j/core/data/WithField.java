package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.PlainJson;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** View with an additional source field. */
final class WithField extends DatasetView {

  private final String field;
  private final List<JsonNode> values;

  WithField(Dataset all, String field, List<?> values) {
    super(all, all.origin().thenOmitted("values of '" + field + "' given by a program"));
    if (values.size() != all.size()) {
      throw new IllegalArgumentException(
          "field '%s': expected a value for each of %s rows, found %s"
              .formatted(field, all.size(), values.size()));
    }
    this.field = field;
    this.values = values.stream().map(PlainJson::tree).toList();
  }

  @Override
  public Optional<Row> source(int row) {
    Row own = super.source(row).orElseGet(() -> Row.of(Map.of()));
    return Optional.of(own.with(field, values.get(row)));
  }
}
