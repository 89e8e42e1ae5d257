package io.adapt4j.qlora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.kernels.internal.FourBitFormat;
import java.util.Collection;

/** The {@code quantization_config} of a config.json. */
final class QuantizationConfig {

  static final String FIELD = "quantization_config";

  private QuantizationConfig() {}

  /** Requires 4-bit weights of bitsandbytes. */
  static void check(ConfigReader config) {
    if (!isFourBit(config)) {
      throw config.invalid(
          FIELD,
          "4-bit weights of bitsandbytes (quant_method bitsandbytes, load_in_4bit true)",
          "Other quantizations are not read: use the model's original weights.");
    }
  }

  /** Returns whether a checkpoint has 4-bit weights of bitsandbytes. */
  static boolean isFourBit(ConfigReader config) {
    JsonNode fields = config.json().path(FIELD);
    return fields.path("quant_method").asText("bitsandbytes").equals("bitsandbytes")
        && (fields.path("load_in_4bit").asBoolean() || fields.path("_load_in_4bit").asBoolean());
  }

  /** Returns the fields that Transformers writes for weights it quantized itself. */
  static ObjectNode of(
      FourBitFormat format, StoredType computeType, Collection<String> plainModules) {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    fields.put("_load_in_4bit", true);
    fields.put("_load_in_8bit", false);
    fields.put("bnb_4bit_compute_dtype", QuantState.typeName(computeType));
    fields.put("bnb_4bit_quant_storage", "uint8");
    fields.put("bnb_4bit_quant_type", format.code().fileName());
    fields.put("bnb_4bit_use_double_quant", format.doubleQuantized());
    fields.put("llm_int8_enable_fp32_cpu_offload", false);
    fields.put("llm_int8_has_fp16_weight", false);
    if (plainModules.isEmpty()) {
      fields.putNull("llm_int8_skip_modules");
    } else {
      plainModules.forEach(fields.putArray("llm_int8_skip_modules")::add);
    }
    fields.put("llm_int8_threshold", 6.0);
    fields.put("load_in_4bit", true);
    fields.put("load_in_8bit", false);
    fields.put("quant_method", "bitsandbytes");
    return fields;
  }
}
