package io.adapt4j.serve.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.context.Context;

/** Metrics by the names that Spring AI and LangChain4j use. */
final class FormerMetrics {

  private static final AttributeKey<String> TOKEN_TYPE =
      AttributeKey.stringKey("gen_ai.token.type");

  private final DoubleHistogram duration;
  private final LongHistogram tokens;

  FormerMetrics(Meter meter) {
    this.duration = GenAi.seconds(meter, "gen_ai.client.operation.duration");
    this.tokens = GenAi.tokens(meter, "gen_ai.client.token.usage");
  }

  void duration(double seconds, Attributes attributes, Context context) {
    duration.record(seconds, attributes, context);
  }

  void tokens(long input, long output, Attributes attributes, Context context) {
    tokens.record(input, attributes.toBuilder().put(TOKEN_TYPE, "input").build(), context);
    tokens.record(output, attributes.toBuilder().put(TOKEN_TYPE, "output").build(), context);
  }
}
