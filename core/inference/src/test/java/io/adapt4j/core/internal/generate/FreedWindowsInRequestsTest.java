package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests to a model whose windows of 6 tokens free what is before them. */
class FreedWindowsInRequestsTest {

  private static final GenerationOptions LONG = options(400);
  private static final GenerationOptions SHORT = options(8);

  private final long before = Tensor.live();
  private final TinyDecoder model = TinyDecoder.of("qwen3_window");
  private final PromptCache prompts = new PromptCache(model.decoder(), 1L << 30);

  private static GenerationOptions options(int tokens) {
    return GenerationOptions.greedy().toBuilder()
        .maxNewTokens(tokens)
        .ignoreContextLength(true)
        .build();
  }

  @BeforeEach
  void freeWindows() {
    model.decoder().freeWindows(true);
  }

  @AfterEach
  void nothingStaysInMemory() {
    prompts.close();
    model.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** The answer of a cache that keeps all. */
  private Generation plain(int[] prompt, GenerationOptions options) {
    model.decoder().freeWindows(false);
    Generation found = model.generate(prompt, options);
    model.decoder().freeWindows(true);
    return found;
  }

  @Test
  void aLongAnswerTakesTheMemoryThatWasReservedAndNoMore() {
    int[] prompt = TinyDecoder.ids(300);
    Generation wanted = plain(prompt, LONG);
    Request request = new Request(prompt, LONG, text -> {}, new CancellationToken());
    long reserved = model.generator().bytes(request, prompts);
    long whole = model.decoder().cacheBytes(1, prompt.length + 400 - 1, model.decoder().type());
    assertThat(reserved).isEqualTo(model.decoder().requestBytes(699)).isLessThan(whole);
    Set<Long> sizes = new TreeSet<>();
    try (RequestBatch batch = model.generator().newBatch(model.generator().noAdapters())) {
      batch.add(request, prompts);
      while (!batch.isEmpty()) {
        sizes.add(batch.bytes());
        batch.step();
      }
    }
    assertThat(sizes).containsOnly(reserved);
    assertThat(request.await()).isEqualTo(wanted);
    assertThat(prompts.bytes()).isEqualTo(reserved);
  }

  @Test
  void aConversationGoesOnAtItsEndAndBeginsAnewInItsMiddle() {
    int[] prompt = TinyDecoder.ids(300);
    Generation answer = model.generate(prompt, prompts, LONG);
    int[] next =
        IntStream.concat(
                IntStream.concat(
                    Arrays.stream(prompt), answer.tokenIds().stream().mapToInt(Integer::intValue)),
                IntStream.of(7, 8, 9))
            .toArray();
    assertThat(reads(next)).isEqualTo(4);
    int[] other = Arrays.copyOf(next, 310);
    other[305]++;
    assertThat(reads(other)).isEqualTo(310);
    other[309]++;
    assertThat(reads(other)).isEqualTo(1);
  }

  private long reads(int[] prompt) {
    long read = prompts.prefilledTokens();
    assertThat(model.generate(prompt, prompts, SHORT).tokenIds())
        .isEqualTo(plain(prompt, SHORT).tokenIds());
    return prompts.prefilledTokens() - read;
  }

  @Test
  void wrongGuessesAreTakenBack() {
    int[] half = TinyDecoder.ids(150);
    int[] prompt = IntStream.concat(Arrays.stream(half), Arrays.stream(half)).toArray();
    GenerationOptions guessing = LONG.toBuilder().promptLookupTokens(8).build();
    assertThat(model.generate(prompt, prompts, guessing).tokenIds())
        .isEqualTo(plain(prompt, LONG).tokenIds());
  }

  @Test
  void requestsWithACommonPrefixShareIt() {
    int[] first = TinyDecoder.ids(300);
    int[] second = first.clone();
    second[100]++;
    List<int[]> both = List.of(first, second);
    model.decoder().freeWindows(false);
    List<Generation> wanted = model.generator().generate(both, LONG);
    model.decoder().freeWindows(true);
    List<Generation> found = model.generator().generate(both, LONG);
    for (int i = 0; i < 2; i++) {
      assertThat(found.get(i).tokenIds()).isEqualTo(wanted.get(i).tokenIds());
    }
  }
}
