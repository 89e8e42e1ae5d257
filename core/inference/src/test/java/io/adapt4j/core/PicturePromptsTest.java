package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.nn.picture.PictureRows;
import io.adapt4j.core.internal.nn.picture.Pictures;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts with rows of pictures among their tokens. */
class PicturePromptsTest {

  private static final Path FAMILIES = Path.of("..", "fixtures", "families");
  private static final int WIDTH = 16;
  private static final int ROWS = 6;
  private static final int TOKEN = 39;
  private static final GenerationOptions EIGHT =
      GenerationOptions.greedy().toBuilder()
          .maxNewTokens(8)
          .ignoreEos(true)
          .ignoreContextLength(true)
          .build();

  @TempDir private Path folder;

  private final long before = Tensor.live();
  private final List<Pictures.Held> held = new ArrayList<>();
  private LanguageModel model;

  @BeforeEach
  void load() throws IOException {
    model = load("qwen2_5_vl");
  }

  private LanguageModel load(String family) throws IOException {
    Path copy = Files.createDirectories(folder.resolve(family));
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.write(copy.resolve(file), Files.readAllBytes(FAMILIES.resolve(family).resolve(file)));
    }
    Path config = copy.resolve("config.json");
    ObjectNode fields = (ObjectNode) Json.parse(Files.readString(config));
    Files.writeString(config, fields.put("image_token_id", TOKEN).toString());
    return TestModels.fp32(copy);
  }

  @AfterEach
  void nothingStaysInMemory() {
    held.forEach(Pictures.Held::close);
    model.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void rowsThatAreEmbeddingsOfTokensGiveWhatTheTokensGive() {
    int[] tokens = {21, 8, 30, 17, 5, 12};
    Pictures.Held picture = hold(model, "tokens", PictureRows.of(embedded(tokens), List.of()));
    for (int length : new int[] {3, 300}) {
      int[] prompt = prompt(length, tokens, 4, 9);
      assertThat(answer(model, prompt(length, picture.ids(), 4, 9)).tokenIds())
          .isEqualTo(answer(model, prompt).tokenIds());
    }
  }

  @Test
  void theSamePictureIsReadOnceAndAnotherOneAnew() {
    int[] prompt = prompt(20, hold(model, "a", random(1)).ids(), 7, 8, 9);
    Generation first = answer(model, prompt);
    Generation again = answer(model, prompt(20, hold(model, "a", random(1)).ids(), 7, 8, 9, 10));
    Generation other = answer(model, prompt(20, hold(model, "b", random(2)).ids(), 7, 8, 9));
    assertThat(first.cachedTokens()).isZero();
    assertThat(again.cachedTokens()).isEqualTo(20 + ROWS + 3);
    assertThat(other.cachedTokens()).isEqualTo(20);
    assertThat(other.tokenIds()).isNotEqualTo(first.tokenIds());
  }

  @ParameterizedTest
  @ValueSource(strings = {"gemma3", "qwen2_5_vl", "qwen3_vl"})
  void promptsInABatchOrAfterOthersAreAnsweredAsAlone(String family) throws IOException {
    try (LanguageModel fresh = load(family);
        LanguageModel used = load(family)) {
      List<Pictures.Held> ofFresh =
          List.of(hold(fresh, "a", random(1)), hold(fresh, "b", random(2)));
      List<Pictures.Held> ofUsed = List.of(hold(used, "a", random(1)), hold(used, "b", random(2)));
      fresh.limitPromptCache(0);
      List<List<Integer>> alone = new ArrayList<>();
      List<List<Integer>> after = new ArrayList<>();
      prompts(ofFresh).forEach(prompt -> alone.add(answer(fresh, prompt).tokenIds()));
      prompts(ofUsed).forEach(prompt -> after.add(answer(used, prompt).tokenIds()));
      List<List<Integer>> together =
          used.generateIds(prompts(ofUsed), EIGHT).stream()
              .map(ids -> Arrays.stream(ids).boxed().toList())
              .toList();
      assertThat(after).isEqualTo(alone);
      assertThat(together).isEqualTo(alone);
      used.reusePromptsExactly(true);
      for (int turn = 0; turn < 2; turn++) {
        after.clear();
        prompts(ofUsed).forEach(prompt -> after.add(answer(used, prompt).tokenIds()));
        assertThat(after).isEqualTo(alone);
      }
      used.freeWindows(true);
      after.clear();
      prompts(ofUsed).forEach(prompt -> after.add(answer(used, prompt).tokenIds()));
      assertThat(after).isEqualTo(alone);
      ofFresh.forEach(Pictures.Held::close);
      ofUsed.forEach(Pictures.Held::close);
    }
  }

  /** Prompts that end within a picture, go on after it, share it, or have none. */
  private static List<int[]> prompts(List<Pictures.Held> pictures) {
    int[] a = pictures.get(0).ids();
    int[] b = pictures.get(1).ids();
    return List.of(
        prompt(18, Arrays.copyOf(a, 3)),
        prompt(18, a),
        prompt(18, a, 5, 6),
        prompt(18, b, 5, 6),
        prompt(18, prompt(18, a, 5, 6), b[0], b[1], b[2], b[3], b[4], b[5], 9),
        prompt(253, a, 5, 6),
        prompt(18, new int[0], 5, 6));
  }

  @Test
  void promptLookupGuessesNoRows() {
    GenerationOptions guessing = EIGHT.toBuilder().promptLookupTokens(4).maxNewTokens(30).build();
    int[] prompt = prompt(4, hold(model, "a", random(1)).ids(), 7, 8, 4, 7, 8);
    assertThat(answer(model, prompt, guessing).tokenIds())
        .isEqualTo(answer(model, prompt, EIGHT.toBuilder().maxNewTokens(30).build()).tokenIds());
  }

  @Test
  void aDraftPausesForPromptsWithPictures() throws IOException {
    int[] prompt = prompt(4, hold(model, "a", random(1)).ids(), 7, 8);
    List<Integer> expected = answer(model, prompt).tokenIds();
    try (LanguageModel draft = load("qwen3_vl")) {
      model.useDraft(draft, 3);
      assertThat(answer(model, prompt).tokenIds()).isEqualTo(expected);
      assertThat(answer(model, prompt(9, new int[0], 7)).tokenIds()).hasSize(8);
      model.close();
    }
  }

  @Test
  void penaltiesCountTheTokenOfPictures() {
    GenerationOptions penalized = EIGHT.toBuilder().repetitionPenalty(1.3).build();
    int[] prompt = prompt(4, hold(model, "a", random(1)).ids(), 7);
    assertThat(answer(model, prompt, penalized).tokenIds()).hasSize(8);
  }

  @Test
  void promptsWithPicturesAreNotWrittenToFiles() throws IOException {
    Path files = folder.resolve("prompts");
    model.keepPromptsIn(files, 1 << 20);
    long empty = count(files);
    answer(model, prompt(20, hold(model, "a", random(1)).ids(), 7));
    model.limitPromptCache(0);
    assertThat(count(files)).isEqualTo(empty);
    model.limitPromptCache(1 << 20);
    answer(model, prompt(20, new int[0], 7));
    model.limitPromptCache(0);
    assertThat(count(files)).isGreaterThan(empty);
  }

  private static long count(Path files) throws IOException {
    try (Stream<Path> all = Files.walk(files)) {
      return all.filter(Files::isRegularFile).count();
    }
  }

  @Test
  void aClosedPictureIsAnUnknownToken() {
    Pictures.Held picture = hold(model, "a", random(1));
    int[] prompt = prompt(4, picture.ids(), 7);
    picture.close();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> answer(model, prompt))
        .withMessageContaining("token id " + Pictures.FIRST);
  }

  private Pictures.Held hold(LanguageModel of, String digest, PictureRows rows) {
    Pictures.Held added = of.decoder().pictures().hold(digest, rows);
    if (of == model) {
      held.add(added);
    }
    return added;
  }

  private static PictureRows random(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[ROWS * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextDouble() * 4 - 2);
    }
    return PictureRows.onGrid(Tensor.of(values, ROWS, WIDTH).own(), List.of(), 2, 3);
  }

  private Tensor embedded(int[] tokens) {
    try (Scope scope = Scope.open(model.decoder().engine())) {
      List<Tensor> rows = new ArrayList<>();
      for (int token : tokens) {
        rows.add(model.decoder().embedding().value().narrow(0, token, 1));
      }
      return Tensor.concatenated(rows, 0).own();
    }
  }

  /** Some tokens, a picture, and some more. */
  private static int[] prompt(int tokens, int[] picture, int... after) {
    IntStream begin = IntStream.range(0, tokens).map(at -> 3 + at * 7 % 30);
    return IntStream.concat(begin, IntStream.concat(IntStream.of(picture), IntStream.of(after)))
        .toArray();
  }

  private static Generation answer(LanguageModel of, int[] prompt) {
    return answer(of, prompt, EIGHT);
  }

  private static Generation answer(LanguageModel of, int[] prompt, GenerationOptions options) {
    return of.generate(prompt, options, text -> {}, new CancellationToken());
  }
}
