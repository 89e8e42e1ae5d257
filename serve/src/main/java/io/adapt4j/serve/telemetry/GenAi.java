package io.adapt4j.serve.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import java.time.Duration;
import java.util.List;

/** Names and instruments that several exporters use. */
final class GenAi {

  static final AttributeKey<String> PROVIDER_NAME = AttributeKey.stringKey("gen_ai.provider.name");
  static final AttributeKey<String> REQUEST_MODEL = AttributeKey.stringKey("gen_ai.request.model");
  static final AttributeKey<String> RESPONSE_MODEL =
      AttributeKey.stringKey("gen_ai.response.model");
  static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
  static final AttributeKey<Long> INPUT_TOKENS = AttributeKey.longKey("gen_ai.usage.input_tokens");
  static final AttributeKey<Long> OUTPUT_TOKENS =
      AttributeKey.longKey("gen_ai.usage.output_tokens");
  static final AttributeKey<Double> FIRST_CHUNK =
      AttributeKey.doubleKey("gen_ai.response.time_to_first_chunk");

  private static final String PROVIDER = "adapt4j";
  private static final AttributeKey<String> OPERATION =
      AttributeKey.stringKey("gen_ai.operation.name");
  private static final AttributeKey<String> FORMER_PROVIDER =
      AttributeKey.stringKey("gen_ai.system");

  private static final List<Double> SECONDS =
      List.of(
          0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92);
  private static final List<Long> TOKENS =
      List.of(
          1L, 4L, 16L, 64L, 256L, 1024L, 4096L, 16384L, 65536L, 262144L, 1048576L, 4194304L,
          16777216L, 67108864L);

  private GenAi() {}

  /** Starts attributes of an operation of this library. */
  static AttributesBuilder operation(String name, boolean formerNames) {
    AttributesBuilder attributes =
        Attributes.builder().put(OPERATION, name).put(PROVIDER_NAME, PROVIDER);
    return formerNames ? attributes.put(FORMER_PROVIDER, PROVIDER) : attributes;
  }

  static DoubleHistogram seconds(Meter meter, String name) {
    return seconds(meter, name, SECONDS);
  }

  static DoubleHistogram seconds(Meter meter, String name, List<Double> bounds) {
    return meter
        .histogramBuilder(name)
        .setUnit("s")
        .setExplicitBucketBoundariesAdvice(bounds)
        .build();
  }

  static LongHistogram tokens(Meter meter, String name) {
    return meter
        .histogramBuilder(name)
        .ofLongs()
        .setUnit("{token}")
        .setExplicitBucketBoundariesAdvice(TOKENS)
        .build();
  }

  static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }
}
