package io.adapt4j.eval.metric;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.score.TokenSpan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Perplexity of texts, whole and in windows. */
class PerplexityTest {
  private static final Offset<Double> EQUAL = within(1e-9);
  private static final Path STORIES = Path.of("../examples/models/stories260K");
  private static final String STORY =
      "Once upon a time, there was a little girl named Lily. She loved to play outside in the"
          + " park.";

  @Test
  void aGuessAmongEquallyLikelyTokensHasTheirNumberAsPerplexity() {
    PerplexitySums perplexity = new PerplexitySums();
    perplexity.add(3 * Math.log(1 / 32.0), 3, "ab é");
    assertThat(perplexity.perToken()).isCloseTo(32, EQUAL);
    assertThat(perplexity.bitsPerByte()).isCloseTo(15 / 5.0, EQUAL);
    assertThat(perplexity.perByte()).isCloseTo(8, EQUAL);
    assertThat(perplexity.perWord()).isCloseTo(Math.pow(32, 1.5), within(1e-6));
  }

  @Test
  void partsCountedApartMergeToTheWhole() {
    PerplexitySums left = new PerplexitySums();
    PerplexitySums right = new PerplexitySums();
    PerplexitySums whole = new PerplexitySums();
    left.add(-3, 2, "one");
    right.add(-5, 3, "two words");
    whole.add(-3, 2, "one");
    whole.add(-5, 3, "two words");
    left.merge(right);
    assertThat(left.perToken()).isEqualTo(whole.perToken());
    assertThat(left.bitsPerByte()).isEqualTo(whole.bitsPerByte());
  }

  @ParameterizedTest
  @CsvSource({"1,4,4", "4,4,4", "5,4,4", "13,4,4", "13,4,1", "13,4,3", "40,8,2"})
  void windowsScoreEachTokenOnceAndFitTheContext(int tokens, int window, int stride) {
    int[] ids = IntStream.range(0, tokens).toArray();
    List<TokenSpan> spans = new SlidingWindow(window, stride).spans(99, ids);
    List<Integer> scored = new ArrayList<>();
    for (TokenSpan span : spans) {
      Arrays.stream(span.continuation()).forEach(scored::add);
      assertThat(span.context().length + span.continuation().length - 1)
          .isLessThanOrEqualTo(window);
      int last = span.context()[span.context().length - 1];
      assertThat(last).isEqualTo(span.continuation()[0] == 0 ? 99 : span.continuation()[0] - 1);
    }
    assertThat(scored).containsExactlyElementsOf(Arrays.stream(ids).boxed().toList());
  }

  /** {@code get_rolling_token_windows(range(10), 99, max_seq_len=4, context_len=1)}. */
  @Test
  void windowsAreThoseOfTheHarness() {
    List<TokenSpan> spans = new SlidingWindow(4, 4).spans(99, IntStream.range(0, 10).toArray());
    assertThat(spans).hasSize(3);
    assertThat(spans.get(0).context()).containsExactly(99);
    assertThat(spans.get(0).continuation()).containsExactly(0, 1, 2, 3);
    assertThat(spans.get(1).context()).containsExactly(3);
    assertThat(spans.get(1).continuation()).containsExactly(4, 5, 6, 7);
    assertThat(spans.get(2).context()).containsExactly(5, 6, 7);
    assertThat(spans.get(2).continuation()).containsExactly(8, 9);
  }

  @Test
  void aWindowThatHoldsTheTextScoresItAsTheModelDoes() {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(STORIES))) {
      PerplexitySums whole = new PerplexitySums();
      add(new SlidingWindow(128, 128).sum(model, STORY), whole);
      int[] ids = model.tokenizer().encode(STORY, false);
      double sum = model.score("", STORY).sum();
      assertThat(whole.perToken()).isCloseTo(Math.exp(-sum / ids.length), within(1e-4));
      PerplexitySums chopped = new PerplexitySums();
      add(new SlidingWindow(8, 8).sum(model, STORY), chopped);
      PerplexitySums sliding = new PerplexitySums();
      add(new SlidingWindow(8, 1).sum(model, STORY), sliding);
      assertThat(chopped.perToken()).isGreaterThan(sliding.perToken());
      assertThat(sliding.perToken()).isGreaterThan(whole.perToken());
    }
  }

  @Test
  void badRowsAreNamed() {
    PerplexitySums perplexity = new PerplexitySums();
    perplexity.add(-1, 1, "a");
    assertThatThrownBy(() -> perplexity.add(Double.NaN, 1, "a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 2: the log-probability is NaN");
    assertThatThrownBy(() -> perplexity.add(1, 1, "a")).hasMessageContaining("above 0");
    assertThatThrownBy(() -> perplexity.add(-1, 0, "")).hasMessageContaining("Row 2: 0 tokens");
    refuses(IllegalStateException.class, () -> new PerplexitySums().perToken());
    assertThatThrownBy(() -> new SlidingWindow(4, 5)).hasMessageContaining("stride is 5");
  }

  private static void add(SlidingWindow.Sum score, PerplexitySums into) {
    into.add(score.logProbability(), score.tokens(), STORY);
  }
}
