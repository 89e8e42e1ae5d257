package io.adapt4j.core.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class GenerationOptionsTest {
  private final GenerationOptions.Builder builder = GenerationOptions.builder();

  @Test
  void defaultsSampleFromTheModelsOwnDistribution() {
    assertThat(GenerationOptions.defaults())
        .hasToString(
            "GenerationOptions[maxNewTokens=256, temperature=1.0, topK=0, topP=1.0, minP=0.0,"
                + " repetitionPenalty=1.0, frequencyPenalty=0.0, presencePenalty=0.0, logitBias={},"
                + " logprobs=OptionalInt.empty, seed=0, stopStrings=[], stopIds=[],"
                + " ignoreEos=false, ignoreContextLength=false, promptLookupTokens=0]");
  }

  @Test
  void greedyIsTemperatureZero() {
    assertThat(GenerationOptions.greedy().isGreedy()).isTrue();
    assertThat(GenerationOptions.defaults().isGreedy()).isFalse();
  }

  @Test
  void optionsWithEqualValuesAreEqual() {
    GenerationOptions options = builder.maxNewTokens(5).stopStrings("a").build();
    assertThat(options.toBuilder().build()).isEqualTo(options).hasSameHashCodeAs(options);
    assertThat(options.toBuilder().seed(1).build()).isNotEqualTo(options);
    assertThat(options.toBuilder().ignoreContextLength(true).build()).isNotEqualTo(options);
    assertThat(options.toBuilder().promptLookupTokens(10).build()).isNotEqualTo(options);
    assertThat(options.toBuilder().stopStrings("b").build()).isNotEqualTo(options);
  }

  @Test
  void aCopyKeepsEveryValue() {
    GenerationOptions options =
        builder
            .maxNewTokens(5)
            .temperature(0.7)
            .topK(4)
            .topP(0.9)
            .minP(0.1)
            .repetitionPenalty(1.2)
            .frequencyPenalty(0.3)
            .presencePenalty(-0.4)
            .logitBias(Map.of(7, -100.0))
            .logprobs(5)
            .seed(9)
            .stopStrings("a", "b")
            .stopIds(Set.of(3))
            .ignoreEos(true)
            .ignoreContextLength(true)
            .promptLookupTokens(10)
            .build();
    assertThat(options.toBuilder().build()).hasToString(options.toString());
  }

  @Test
  void laterChangesOfAListDoNotReachTheOptions() {
    List<String> stops = new ArrayList<>(List.of("a"));
    GenerationOptions options = builder.stopStrings(stops).build();
    stops.add("b");
    assertThat(options.stopStrings()).containsExactly("a");
  }

  @Test
  void settersNameTheValueAndTheAllowedRange() {
    refuses(() -> builder.maxNewTokens(0), "maxNewTokens must be at least 1, but is 0");
    refuses(
        () -> builder.temperature(-1),
        "temperature must be a finite number, at least 0 (0 is greedy), but is -1.0");
    refuses(() -> builder.topK(-1), "topK must be at least 0 (0 is off), but is -1");
    refuses(() -> builder.topP(1.1), "topP must be between 0 and 1 (1 is off), but is 1.1");
    refuses(() -> builder.minP(Double.NaN), "minP must be between 0 and 1 (0 is off), but is NaN");
    refuses(
        () -> builder.repetitionPenalty(0),
        "repetitionPenalty must be a finite number above 0 (1 is off), but is 0.0");
    refuses(
        () -> builder.frequencyPenalty(Double.NaN),
        "frequencyPenalty must be a finite number, but is NaN");
    refuses(
        () -> builder.presencePenalty(Double.POSITIVE_INFINITY),
        "presencePenalty must be a finite number, but is Infinity");
    refuses(
        () -> builder.logitBias(Map.of(-1, 1.0)),
        "logitBias must be of known ids, but is {-1=1.0}");
    refuses(() -> builder.logprobs(-1), "logprobs must be at least 0, but is -1");
    refuses(() -> builder.stopStrings(""), "stopStrings must be non-empty texts, but is []");
    refuses(
        () -> builder.promptLookupTokens(-1),
        "promptLookupTokens must be at least 0 (0 is off), but is -1");
    refuses(() -> builder.stopIds(Set.of(-2)), "stopIds must be ids of at least 0, but is [-2]");
  }

  @Test
  void aResultCannotBeChangedThroughItsIds() {
    List<Integer> ids = new ArrayList<>(List.of(1));
    Generation generation = new Generation("x", ids, FinishReason.EOS, 3);
    ids.add(2);
    assertThat(generation.tokenIds()).containsExactly(1);
  }

  @Test
  void aTokenCancelledInOneThreadIsCancelledInAnother() throws InterruptedException {
    CancellationToken token = new CancellationToken();
    assertThat(token.isCancelled()).isFalse();
    Thread other = new Thread(token::cancel);
    other.start();
    other.join();
    assertThat(token.isCancelled()).isTrue();
  }

  private static void refuses(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }
}
