package io.adapt4j.core.inspect;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.EightBitFloats;
import io.adapt4j.core.internal.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Quantization of the weights of a checkpoint. */
record StoredQuantization(
    String method, OptionalInt bits, Optional<String> type, boolean unpacked) {

  /** Files in which older checkpoints describe their quantization. */
  private static final List<String> FILES = List.of("quantize_config.json", "quant_config.json");

  static Optional<StoredQuantization> read(Path folder, JsonNode config) {
    JsonNode fields = config.path("quantization_config");
    if (!fields.isObject()) {
      fields = config.path("text_config").path("quantization_config");
    }
    if (fields.isObject()) {
      return Optional.of(parse(fields));
    }
    return FILES.stream()
        .map(folder::resolve)
        .filter(Files::isRegularFile)
        .map(file -> parse(ConfigReader.read(file).json()))
        .findFirst();
  }

  private static StoredQuantization parse(JsonNode fields) {
    boolean four = truth(fields, "load_in_4bit");
    boolean eight = truth(fields, "load_in_8bit");
    String method =
        fields.path("quant_method").asText(four || eight ? "bitsandbytes" : "not named");
    OptionalInt bits = four ? OptionalInt.of(4) : eight ? OptionalInt.of(8) : statedBits(fields);
    Optional<String> type =
        four
            ? Optional.ofNullable(fields.path("bnb_4bit_quant_type").textValue())
            : Optional.ofNullable(fields.path("format").textValue());
    return new StoredQuantization(method, bits, type, EightBitFloats.areRead(fields));
  }

  private static OptionalInt statedBits(JsonNode fields) {
    for (String name : List.of("bits", "w_bit", "num_bits")) {
      JsonNode value = fields.findValue(name);
      if (value != null && value.isInt() && value.intValue() > 0) {
        return OptionalInt.of(value.intValue());
      }
    }
    return OptionalInt.empty();
  }

  private static boolean truth(JsonNode fields, String name) {
    return fields.path(name).asBoolean(false) || fields.path("_" + name).asBoolean(false);
  }

  /** Returns the method and its known number format, such as {@code gptq, 4 bits}. */
  @Override
  public String toString() {
    return method
        + (bits.isPresent() ? ", " + bits.getAsInt() + " bits" : "")
        + type.map(name -> " (" + name + ")").orElse("");
  }
}
