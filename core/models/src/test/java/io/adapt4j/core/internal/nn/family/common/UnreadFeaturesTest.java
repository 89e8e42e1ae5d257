package io.adapt4j.core.internal.nn.family.common;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.family.Architectures;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A setting this build would not follow is refused by name, never ignored. */
class UnreadFeaturesTest {

  static Stream<Arguments> refused() {
    return FamilyFolder.cases("refused");
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refusesTheFieldByName(String folder, String field, String value) throws IOException {
    ModelConfig config = read(folder);
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> Architectures.declare(with(config, field, value)))
        .withMessageContaining(field)
        .withMessageContaining("config.json");
  }

  static Stream<Arguments> accepted() {
    return FamilyFolder.cases("accepted");
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void acceptsAFieldThatChangesNothing(String folder, String field, String value)
      throws IOException {
    ModelConfig config = with(read(folder), field, value);
    assertThatNoException().isThrownBy(() -> Architectures.declare(config).close());
  }

  private static ModelConfig read(String folder) {
    try (FamilyFolder family = FamilyFolder.open(folder)) {
      return ModelConfig.read(family.path());
    }
  }

  /** Sets the field to a value, or another field where the value says so. */
  private static ModelConfig with(ModelConfig config, String field, String value)
      throws IOException {
    String[] other = value.split(" = ", 2);
    return other.length == 2
        ? config.with(other[0], json(other[1]))
        : config.with(field, json(value));
  }

  private static JsonNode json(String text) throws IOException {
    return Json.parse(text);
  }
}
