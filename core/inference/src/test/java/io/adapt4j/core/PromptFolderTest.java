package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder that takes what the prompt cache evicts, and gives it back. */
class PromptFolderTest {

  private static final GenerationOptions FOUR =
      GenerationOptions.greedy().toBuilder().maxNewTokens(4).ignoreEos(true).build();
  private static final long PLENTY = 1L << 30;

  @TempDir private Path folder;

  private long before;
  private Path model;
  private Path stored;

  @BeforeEach
  void write() throws IOException {
    before = Tensor.live();
    model = SmallModel.writeLonger(folder.resolve("model"), 2048);
    stored = folder.resolve("prompts");
  }

  @AfterEach
  void nothingStaysInMemory() {
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static Generation answer(LanguageModel model, int seed) {
    int[] prompt = new SplittableRandom(seed).ints(300, 3, 200).toArray();
    return model.generate(prompt, FOUR, text -> {}, new CancellationToken());
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(stored)) {
      return files.filter(file -> file.toString().endsWith(".prefix")).toList();
    }
  }

  @Test
  void promptsComeBackAfterEvictionAndAfterARestart() throws IOException {
    Generation first;
    try (LanguageModel opened = TestModels.fp32(model)) {
      opened.keepPromptsIn(stored, PLENTY);
      first = answer(opened, 1);
      opened.limitPromptCache(opened.prompts.bytes() * 3 / 2);
      answer(opened, 2);
      assertThat(files()).as("evicted").hasSize(1);
      Generation again = answer(opened, 1);
      assertThat(again.cachedTokens()).isEqualTo(299);
      assertThat(again).isEqualTo(first);
    }
    assertThat(files()).as("both, each once").hasSize(2);
    try (LanguageModel reopened = TestModels.fp32(model)) {
      reopened.keepPromptsIn(stored, PLENTY);
      assertThat(answer(reopened, 2).cachedTokens()).isEqualTo(299);
      assertThat(answer(reopened, 1)).isEqualTo(first);
      assertThat(answer(reopened, 3).cachedTokens()).isZero();
    }
  }

  @Test
  void encryptedFilesComeBackWithTheirKeyAlone() throws IOException {
    byte[] key = new byte[32];
    new SplittableRandom(5).nextBytes(key);
    Generation first;
    try (LanguageModel opened = TestModels.fp32(model)) {
      opened.encryptPrompts(key);
      opened.keepPromptsIn(stored, PLENTY);
      assertThatThrownBy(() -> opened.encryptPrompts(key))
          .isInstanceOf(IllegalStateException.class);
      first = answer(opened, 1);
    }
    assertThat(files()).hasSize(1);
    assertThat(new String(Files.readAllBytes(files().get(0)), StandardCharsets.ISO_8859_1))
        .doesNotContain("ids", "adapt4j prompt prefix");
    try (LanguageModel opened = TestModels.fp32(model)) {
      opened.encryptPrompts(key);
      opened.keepPromptsIn(stored, PLENTY);
      Generation again = answer(opened, 1);
      assertThat(again.cachedTokens()).isEqualTo(299);
      assertThat(again).isEqualTo(first);
      opened.keepPromptsIn(folder.resolve("elsewhere"), PLENTY);
    }
    try (LanguageModel opened = TestModels.fp32(model)) {
      opened.keepPromptsIn(stored, PLENTY);
      assertThat(files()).as("not readable without the key").isEmpty();
    }
  }

  @Test
  void theLeastRecentlyUsedFilesAreDeletedAtTheLimit() throws IOException {
    long bytes;
    try (LanguageModel opened = TestModels.fp32(model)) {
      opened.keepPromptsIn(stored, PLENTY);
      answer(opened, 1);
    }
    bytes = Files.size(files().get(0));
    try (LanguageModel opened = TestModels.fp32(model)) {
      opened.keepPromptsIn(stored, 2 * bytes + 2_000);
      answer(opened, 2);
      answer(opened, 3);
    }
    assertThat(files()).hasSize(2);
    try (LanguageModel opened = TestModels.fp32(model)) {
      opened.keepPromptsIn(stored, PLENTY);
      assertThat(answer(opened, 1).cachedTokens()).isZero();
      assertThat(answer(opened, 2).cachedTokens()).isEqualTo(299);
    }
  }

  @Test
  void whatAnotherModelStoredOrIsDamagedIsNotUsed() throws IOException {
    try (LanguageModel opened = TestModels.fp32(model)) {
      opened.keepPromptsIn(stored, PLENTY);
      answer(opened, 1);
      try (LanguageModel second = TestModels.fp32(model)) {
        assertThatThrownBy(() -> second.keepPromptsIn(stored, PLENTY))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("another model uses");
      }
    }
    try (LanguageModel other = TestModels.fp32(SmallModel.writeLonger(folder.resolve("b"), 1024))) {
      other.keepPromptsIn(stored, PLENTY);
      assertThat(answer(other, 1).cachedTokens()).isZero();
    }
    for (Path file : files()) {
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length - 100] ^= 1;
      Files.write(file, bytes);
    }
    Files.writeString(stored.resolve("x.prefix"), "nothing");
    try (LanguageModel opened = TestModels.fp32(model)) {
      opened.keepPromptsIn(stored, PLENTY);
      assertThat(stored.resolve("x.prefix")).doesNotExist();
      Generation cold = answer(opened, 1);
      assertThat(cold.cachedTokens()).isZero();
      opened.limitPromptCache(0);
      assertThat(cold).isEqualTo(answer(opened, 1));
    }
  }
}
