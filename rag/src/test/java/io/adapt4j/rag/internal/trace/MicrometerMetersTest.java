package io.adapt4j.rag.internal.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.rag.trace.Stage;
import io.adapt4j.rag.trace.Trace;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MicrometerMetersTest {

  @Test
  void answersStagesAndTokensAreCounted() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    MicrometerMeters meters = MicrometerMeters.of(registry, "corpus", "handbook");
    Trace trace =
        new Trace(
            "Why?",
            List.of(
                new Stage("search", Duration.ofMillis(20), Map.of(), ""),
                new Stage("generate", Duration.ofMillis(300), Map.of(), "")),
            List.of(),
            0,
            Optional.of(new TokenUsage(50, 7)),
            true);
    meters.answered(trace);
    meters.answered(trace);
    assertThat(
            registry
                .get("adapt4j.rag.answer")
                .tags("corpus", "handbook", "answerable", "true")
                .timer()
                .totalTime(TimeUnit.MILLISECONDS))
        .isEqualTo(640);
    assertThat(registry.get("adapt4j.rag.stage").tag("stage", "search").timer().count())
        .isEqualTo(2);
    assertThat(registry.get("adapt4j.rag.prompt.tokens").counter().count()).isEqualTo(100);
    assertThat(registry.get("adapt4j.rag.new.tokens").counter().count()).isEqualTo(14);
  }
}
