package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a conversation gets that is continued from a file, to the bit of its log probabilities. */
class SavedPrefixTest {

  private static final Path FAMILIES = Path.of("..", "core", "fixtures", "families");
  private static final String STEPS = "adapt4j.kernels.steps";
  private static final int END = 2;
  private static final GenerationOptions OPTIONS =
      GenerationOptions.builder()
          .maxNewTokens(9)
          .temperature(0.8)
          .seed(3)
          .logprobs(1)
          .ignoreContextLength(true)
          .ignoreEos(true)
          .build();

  @TempDir private Path folder;

  @AfterEach
  void takeBackTheProperty() {
    System.clearProperty(STEPS);
  }

  @ParameterizedTest
  @CsvSource({
    "granite, FP32, on",
    "granite, BF16, off",
    "qwen3_window, FP32, on",
    "qwen3_window, FP32, off",
    "lfm2, BF16, on",
    "lfm2, FP32, off",
    "qwen3_next, FP32, on",
    "qwen3_next, BF16, off",
    "granite_hybrid, FP32, on",
    "granite_hybrid, FP32, off",
  })
  void isWhatItGetsWithoutAFileOrACache(String family, Precision precision, String steps)
      throws IOException {
    System.setProperty(STEPS, steps);
    long before = Tensor.live();
    Path file = folder.resolve("session");
    try (LoadedModel model =
        LoadedModel.load(FAMILIES.resolve(family), precision, WeightFormat.asStored(), List.of())) {
      int[] first = message(1, 200);
      int[] second = joined(first, message(2, 40), message(3, 50));
      Generation cold = alone(model, second);
      int cached;
      try (PromptCache prompts = exact(model)) {
        int[] answer = ids(answer(model, first, prompts));
        saved(model, prompts).save(file, this::header, joined(first, answer), null);
        Generation warm = answer(model, second, prompts);
        assertThat(warm).isEqualTo(cold);
        cached = warm.cachedTokens();
      }
      assertThat(cached).isBetween(190, 200);
      try (PromptCache prompts = exact(model)) {
        saved(model, prompts).restore(file, header -> {}, null);
        Generation restored = answer(model, second, prompts);
        assertThat(restored).isEqualTo(cold);
        assertThat(restored.cachedTokens()).isEqualTo(cached);
        assertThat(prompts.prefilledTokens()).isEqualTo(second.length - cached);
        Generation again = answer(model, first, prompts);
        assertThat(again).as("rewound").isEqualTo(alone(model, first));
      }
      whatIsDamagedIsRefused(model, file);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({
    "granite, on",
    "qwen3_window, off",
    "lfm2, on",
    "lfm2, off",
    "qwen3_next, off",
    "granite_hybrid, on"
  })
  void whatIsEvictedComesBackFromAFolder(String family, String steps) throws IOException {
    System.setProperty(STEPS, steps);
    long before = Tensor.live();
    try (LoadedModel model =
        LoadedModel.load(
            FAMILIES.resolve(family), Precision.FP32, WeightFormat.asStored(), List.of())) {
      int[] first = message(1, 200);
      int[] second = joined(first, message(2, 40), message(3, 50));
      int[] edited = joined(Arrays.copyOf(first, 195), message(4, 50));
      int cached;
      try (PromptCache prompts = exact(model)) {
        answer(model, first, prompts);
        cached = answer(model, second, prompts).cachedTokens();
      }
      try (PromptCache prompts = exact(model)) {
        prompts.evictTo(stored(model));
        answer(model, first, prompts);
        answer(model, message(9, 100), prompts);
        prompts.limit(0);
        assertThat(prompts.bytes()).isZero();
        prompts.limit(1L << 30);
        Generation warm = answer(model, second, prompts);
        assertThat(warm).isEqualTo(alone(model, second));
        assertThat(warm.cachedTokens()).isEqualTo(cached);
      }
      try (PromptCache restarted = exact(model)) {
        restarted.evictTo(stored(model));
        assertThat(answer(model, edited, restarted)).isEqualTo(alone(model, edited));
        Generation warm = answer(model, second, restarted);
        assertThat(warm).isEqualTo(alone(model, second));
        assertThat(warm.cachedTokens()).as("kept as the cache was closed").isGreaterThan(cached);
      }
      for (Path file : files()) {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
      }
      try (PromptCache damaged = exact(model)) {
        damaged.evictTo(stored(model));
        Generation cold = answer(model, second, damaged);
        assertThat(cold).isEqualTo(alone(model, second));
        assertThat(cold.cachedTokens()).isZero();
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".prefix")).toList();
    }
  }

  private PrefixFolder stored(LoadedModel model) {
    return new PrefixFolder(
        folder, 1L << 30, model.decoder(), new ReentrantLock(), () -> Optional.of("a model"), null);
  }

  private static void whatIsDamagedIsRefused(LoadedModel model, Path file) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    try (PromptCache prompts = exact(model)) {
      SavedSessions saved = saved(model, prompts);
      for (int i = 0; i < 40; i++) {
        byte[] changed = whole.clone();
        int at = i < 20 ? i : (int) ((long) whole.length * (i - 19) / 21);
        changed[at] ^= 4;
        Files.write(file, changed);
        assertThatThrownBy(() -> saved.restore(file, header -> {}, null))
            .as("byte %d", at)
            .isInstanceOf(CheckpointException.class)
            .hasMessageContaining(file.toString());
      }
      for (int length : new int[] {0, 7, 15, 16, 100, whole.length / 2, whole.length - 1}) {
        Files.write(file, Arrays.copyOf(whole, length));
        assertThatThrownBy(() -> saved.restore(file, header -> {}, null))
            .as("%d bytes", length)
            .isInstanceOf(CheckpointException.class);
      }
      Files.write(file, Arrays.copyOf(whole, whole.length + 1));
      assertThatThrownBy(() -> saved.restore(file, header -> {}, null))
          .isInstanceOf(CheckpointException.class);
      assertThat(prompts.bytes()).isZero();
      Files.write(file, whole);
      prompts.limit(100);
      saved.restore(file, header -> {}, null);
      assertThat(prompts.bytes()).as("what does not fit the limit").isZero();
    }
  }

  private ObjectNode header() {
    return JsonNodeFactory.instance.objectNode().put("kind", "test");
  }

  private static SavedSessions saved(LoadedModel model, PromptCache prompts) {
    return new SavedSessions(new ReentrantLock(), model.decoder(), prompts, model.adapters());
  }

  private static PromptCache exact(LoadedModel model) {
    PromptCache prompts = new PromptCache(model.decoder(), 1L << 30);
    prompts.exact(true);
    return prompts;
  }

  private static Generation alone(LoadedModel model, int[] prompt) {
    try (PromptCache empty = exact(model)) {
      return answer(model, prompt, empty);
    }
  }

  private static Generation answer(LoadedModel model, int[] prompt, PromptCache prompts) {
    return new Generator(model.decoder(), Optional.empty(), Set.of(END))
        .generate(prompt, prompts, OPTIONS, text -> {}, new CancellationToken());
  }

  private static int[] ids(Generation answer) {
    return answer.tokenIds().stream().mapToInt(Integer::intValue).toArray();
  }

  private static int[] message(int seed, int length) {
    int[] ids = new SplittableRandom(seed).ints(length, 3, 39).toArray();
    ids[length - 1] = END;
    return ids;
  }

  private static int[] joined(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(IntStream::of).toArray();
  }
}
