package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.spi.ConfigFields;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** A configuration as a user-defined family reads it. */
record FamilyFields(ConfigReader reader) implements ConfigFields {

  @Override
  public boolean has(String field) {
    return reader.has(field);
  }

  @Override
  public OptionalInt integer(String field) {
    return reader.optionalInt(field);
  }

  @Override
  public OptionalDouble number(String field) {
    return reader.optionalNumber(field);
  }

  @Override
  public Optional<String> text(String field) {
    return reader.optionalText(field);
  }

  @Override
  public Optional<Boolean> flag(String field) {
    return reader.has(field) ? Optional.of(reader.bool(field, false)) : Optional.empty();
  }

  @Override
  public List<String> texts(String field) {
    return reader.texts(field);
  }

  @Override
  public List<Integer> integers(String field) {
    return reader.integers(field);
  }

  @Override
  public Optional<ConfigFields> object(String field) {
    return reader.child(field).map(FamilyFields::new);
  }

  @Override
  public RuntimeException invalid(String field, String expected, String remedy) {
    return reader.invalid(field, expected, remedy);
  }
}
