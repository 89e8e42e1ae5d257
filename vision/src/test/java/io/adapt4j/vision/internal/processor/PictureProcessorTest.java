package io.adapt4j.vision.internal.processor;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.GoldenTensors;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PictureProcessorTest {

  private static final Path IDEFICS = Path.of("src/test/resources/models/idefics3");

  @TempDir private Path folder;

  private PictureProcessor open(String modelType, String preprocessor) throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"" + modelType + "\"}");
    Files.writeString(folder.resolve("preprocessor_config.json"), preprocessor);
    return PictureProcessors.open(folder);
  }

  private static Pixels noise(int width, int height) {
    byte[] values = new byte[width * height * 3];
    new Random(width * 1000L + height).nextBytes(values);
    return new Pixels(width, height, 3, values);
  }

  @Test
  void fieldsThatAreNotKnownAreRefused() {
    refuses(
        CheckpointException.class,
        () -> open("siglip", "{\"size\": {\"height\": 8, \"width\": 8}, \"do_sharpen\": true}"),
        "preprocessor_config.json",
        "'do_sharpen'",
        "true",
        "Remove the field");
    refuses(
        CheckpointException.class,
        () -> open("siglip", "{\"do_resize\": false}"),
        "'do_resize'",
        "expected true, found false");
    refuses(
        CheckpointException.class,
        () -> open("qwen2_5_vl", "{\"size\": {\"height\": 8, \"width\": 8}}"),
        "'size.height'",
        "only shortest_edge, longest_edge");
    refuses(
        CheckpointException.class,
        () -> open("vit", "{\"image_mean\": [0.5, 0.5]}"),
        "'image_mean'",
        "3 channels");
    refuses(CheckpointException.class, () -> open("vit", "{\"resample\": 9}"), "'resample'", "9");
    refuses(
        CheckpointException.class,
        () -> open("llama", "{}"),
        "config.json",
        "'model_type'",
        "'llama'",
        "qwen3_vl");
  }

  @Test
  void theClassInTheFileDecidesWhichLibraryIsFollowed() throws IOException {
    assertThat(open("siglip", "{\"image_processor_type\": \"SiglipImageProcessor\"}").backend())
        .isEqualTo(Resampling.PILLOW);
    PictureProcessor fast =
        open("siglip", "{\"image_processor_type\": \"SiglipImageProcessorFast\"}");
    assertThat(fast.backend()).isEqualTo(Resampling.TORCHVISION);
    assertThat(fast.with(Map.of("backend", "pillow")).backend()).isEqualTo(Resampling.PILLOW);
    // torchvision has no Lanczos filter.
    assertThat(
            open("idefics3", "{\"image_processor_type\": \"Idefics3ImageProcessorFast\"}")
                .backend())
        .isEqualTo(Resampling.PILLOW);
  }

  @Test
  void oneFileOfTransformers5IsRead() throws IOException {
    String image =
        "{\"image_processor_type\": \"SiglipImageProcessor%s\", \"size\": {\"height\": 8, \"width\":"
            + " 16}, \"image_mean\": [0, 0, 0], \"image_std\": 1.0}";
    PixelBatch expected = open("siglip", image.formatted("Pil")).pixels(List.of(noise(9, 9)));
    Files.delete(folder.resolve("preprocessor_config.json"));
    Path file = folder.resolve("processor_config.json");
    Files.writeString(
        file,
        "{\"image_processor\": "
            + image.formatted("Pil")
            + ", \"processor_class\": \"SiglipProcessor\"}");
    PictureProcessor processor = PictureProcessors.open(folder);
    assertThat(processor.backend()).isEqualTo(Resampling.PILLOW);
    assertThat(processor.pixels(List.of(noise(9, 9))).values()).isEqualTo(expected.values());
    assertThat(expected.shape()).containsExactly(1, 3, 8, 16);
    Files.writeString(file, "{\"image_processor\": " + image.formatted("") + "}");
    assertThat(PictureProcessors.open(folder).backend()).isEqualTo(Resampling.TORCHVISION);
    Files.writeString(file, "{\"image_processor\": {}, \"crops\": 2}");
    refuses(CheckpointException.class, () -> PictureProcessors.open(folder), "'crops'", "2");
  }

  @Test
  void marksAndPicturesMustAgree() {
    PictureProcessor processor = PictureProcessors.open(IDEFICS);
    try (Tokenizer tokenizer = Tokenizer.load(IDEFICS)) {
      refuses(
          IllegalArgumentException.class,
          () -> processor.prompt(tokenizer, "<image> and <image>", List.of(noise(8, 8))),
          "2 marks '<image>'",
          "1 pictures");
      refuses(
          IllegalArgumentException.class,
          () -> processor.prompt(tokenizer, "none", List.of(noise(8, 8))),
          "0 marks");
    }
  }

  @Test
  void valuesAreNormalizedInTwoStepsOrOne() throws IOException {
    try (GoldenTensors expected = GoldenTensors.in(Golden.folder("multimodal/image_ops"))) {
      double[][] figures = {
        {0.5, 0.5}, {0.48145466, 0.26862954}, {0.485, 0.229}, {0.406, 0.225},
      };
      String[] names = {"half", "clip0", "imagenet0", "imagenet2"};
      for (int i = 0; i < names.length; i++) {
        double[] mean = {figures[i][0], 0, 0};
        double[] std = {figures[i][1], 1, 1};
        for (boolean fused : new boolean[] {false, true}) {
          float[] table = Normalizer.of(fused, 1 / 255.0, mean, std).tables()[0];
          String name = "normalise." + names[i] + (fused ? ".fused" : ".two_steps");
          assertThat(table).as(name).containsExactly(expected.floats(name), within(1e-7f));
        }
      }
    }
  }

  @Test
  void naflexKeepsTheAspectRatioAndPadsPatches() throws IOException {
    PictureProcessor processor =
        open("siglip2", "{\"patch_size\": 4, \"max_num_patches\": 20, \"resample\": 2}");
    PixelBatch batch = processor.pixels(List.of(noise(30, 12), noise(5, 50)));
    assertThat(batch.shape()).containsExactly(2, 20, 48);
    for (int i = 0; i < 2; i++) {
      int patches = batch.grids()[i][1] * batch.grids()[i][2];
      assertThat(patches).isBetween(10, 20);
      for (int p = 0; p < 20; p++) {
        assertThat(batch.mask()[i * 20 + p]).isEqualTo((byte) (p < patches ? 1 : 0));
      }
    }
    assertThat(batch.grids()[0]).containsExactly(1, 3, 6);
    assertThat(batch.grids()[1][2]).isEqualTo(1);
  }

  @Test
  void aCropLargerThanThePictureHasBlackBorders() throws IOException {
    PictureProcessor processor =
        open(
            "clip",
            "{\"size\": {\"shortest_edge\": 4}, \"crop_size\": {\"height\": 8, \"width\": 8},"
                + " \"do_normalize\": false}");
    PixelBatch batch =
        processor.pixels(List.of(new Pixels(2, 1, 3, new byte[] {9, 9, 9, 9, 9, 9})));
    float inside = 9 / 255f;
    for (int y = 0; y < 8; y++) {
      for (int x = 0; x < 8; x++) {
        assertThat(batch.values()[y * 8 + x]).isEqualTo(y >= 2 && y < 6 ? inside : 0);
      }
    }
  }

  @Test
  void tooLongPicturesAreRefused() throws IOException {
    for (String family : List.of("qwen3_vl", "clip", "lfm2_vl")) {
      Files.writeString(folder.resolve("processor_config.json"), "{}");
      PictureProcessor processor = open(family, "{}");
      refuses(
          IllegalArgumentException.class,
          () -> processor.pixels(List.of(noise(60_000, 1))),
          " x ",
          "Cut it");
    }
  }

  /** Sides are those of Transformers' {@code smart_resize} of each family. */
  @ParameterizedTest
  @CsvSource({
    "qwen3_vl, 53, 37, 56, 40", "qwen3_vl, 200, 70, 128, 40", "qwen3_vl, 90, 5, 136, 8",
    "glm_ocr, 200, 70, 88, 32", "glm_ocr, 90, 5, 144, 8", "glm_ocr, 7, 33, 16, 56",
    "glm_ocr, 40, 24, 40, 24", "paddleocr_vl, 200, 70, 128, 40", "paddleocr_vl, 90, 5, 144, 8",
  })
  void sidesAreRoundedAsTheFamilyDoes(String family, int width, int height, int columns, int rows)
      throws IOException {
    PictureProcessor processor =
        open(
            family,
            "{\"patch_size\": 4, \"size\": {\"shortest_edge\": 1024, \"longest_edge\": 6400}}");
    PixelBatch batch = processor.pixels(List.of(noise(width, height)));
    assertThat(batch.grids()[0]).containsExactly(1, rows / 4, columns / 4);
  }

  @Test
  void paddlesPatchesStandRowByRow() throws IOException {
    PictureProcessor processor =
        open(
            "paddleocr_vl",
            "{\"patch_size\": 2, \"min_pixels\": 16, \"max_pixels\": 4096, \"do_normalize\":"
                + " false, \"do_rescale\": false}");
    Pixels picture = noise(8, 4);
    PixelBatch batch = processor.pixels(List.of(picture));
    assertThat(batch.shape()).containsExactly(8, 12);
    for (int patch = 0; patch < 8; patch++) {
      int x = patch % 4 * 2;
      int y = patch / 4 * 2;
      float expected = picture.values()[((y + 1) * 8 + x) * 3 + 1] & 0xff;
      assertThat(batch.values()[patch * 12 + 4 + 2]).isEqualTo(expected);
    }
  }

  private Tokenizer tokenizer(String... special) throws IOException {
    ObjectNode json =
        (ObjectNode) new ObjectMapper().readTree(IDEFICS.resolve("tokenizer.json").toFile());
    ArrayNode added = (ArrayNode) json.path("added_tokens");
    int next = added.get(added.size() - 1).path("id").asInt() + 1;
    for (String token : special) {
      ObjectNode copy = added.get(0).deepCopy();
      added.add(copy.put("id", next++).put("content", token));
    }
    Files.writeString(folder.resolve("tokenizer.json"), json.toString());
    return Tokenizer.load(folder);
  }

  @Test
  void mistralsRowsOfBlocksEndInMarks() throws IOException {
    Files.writeString(
        folder.resolve("processor_config.json"), "{\"patch_size\": 2, \"spatial_merge_size\": 2}");
    PictureProcessor processor =
        open("mistral3", "{\"size\": {\"longest_edge\": 12}, \"patch_size\": 2}");
    List<Pixels> pictures = List.of(noise(24, 9), noise(5, 7));
    PixelBatch batch = processor.pixels(pictures);
    assertThat(batch.shape()).containsExactly(2, 3, 8, 12);
    assertThat(batch.grids()).isDeepEqualTo(new int[][] {{1, 2, 6}, {1, 4, 4}});
    // The first has 4 rows of 12, the second 8 of 8; zeros fill the rest.
    for (int y = 0; y < 8; y++) {
      for (int x = 0; x < 12; x++) {
        assertThat(batch.values()[y * 12 + x] == 0).isEqualTo(y >= 4);
        assertThat(batch.values()[(24 + y) * 12 + x] == 0).isEqualTo(x >= 8);
      }
    }
    try (Tokenizer tokenizer = tokenizer("[IMG]", "[IMG_BREAK]", "[IMG_END]")) {
      PicturePrompt prompt = processor.prompt(tokenizer, "[IMG] [IMG]", pictures);
      String line = "[IMG][IMG]";
      int[] expected =
          tokenizer.encode(
              "[IMG][IMG][IMG][IMG_END] " + line + "[IMG_BREAK]" + line + "[IMG_END]", true);
      assertThat(prompt.ids()).isEqualTo(expected);
      assertThat(Arrays.stream(prompt.typeIds()).sum()).isEqualTo(7);
    }
  }

  @Test
  void llavaHasATokenForEachPatchWithoutTheClassToken() throws IOException {
    Files.writeString(
        folder.resolve("processor_config.json"),
        "{\"patch_size\": 4, \"num_additional_image_tokens\": 1,"
            + " \"vision_feature_select_strategy\": \"default\"}");
    PictureProcessor processor =
        open("llava", "{\"size\": {\"shortest_edge\": 8}, \"crop_size\": 8}");
    try (Tokenizer tokenizer = tokenizer()) {
      List<Pixels> picture = List.of(noise(9, 20));
      assertThat(processor.pixels(picture).shape()).containsExactly(1, 3, 8, 8);
      PicturePrompt prompt = processor.prompt(tokenizer, "a<image>b", picture);
      assertThat(Arrays.stream(prompt.typeIds()).sum()).isEqualTo(4);
    }
  }

  /**
   * Tokens, tiles and the beginning of the SHA-256 of the tiles' values for both families, from a
   * port of Transformers' arithmetic to Python on top of Pillow.
   */
  @ParameterizedTest
  @CsvSource({
    "20, 11, 52, 5, 86ee6534a3be9904, 52, 7, 060c529f5b43c37e",
    "9, 30, 76, 4, e244e1dd31ec7295, 49, 9, 35f75ab6f25b72f5",
    "16, 16, 88, 5, c80c3853af15dd81, 46, 5, c80c3853af15dd81",
    "50, 7, 42, 4, e07eb86fc246e57d, 44, 7, 8ce0db36a82d9c79",
    "5, 3, 44, 3, 0a6c4798d2a22225, 26, 2, bad930f298d08bde",
  })
  void picturesAreCutIntoTheGridThatWastesLeast(
      int width,
      int height,
      int tokens,
      int tiles,
      String digest,
      int tokensOfOneVision,
      int tilesOfOneVision,
      String digestOfOneVision)
      throws IOException {
    List<Pixels> picture = List.of(pattern(width, height));
    Files.writeString(
        folder.resolve("processor_config.json"),
        "{\"patch_size\": 2, \"num_additional_image_tokens\": 1}");
    String raw = "\"do_rescale\": false, \"do_normalize\": false";
    PictureProcessor next =
        open("llava_next", "{\"size\": {\"shortest_edge\": 8}, \"crop_size\": 8, " + raw + "}");
    requireTiles(next, picture, tokens, tiles, digest);
    Files.writeString(
        folder.resolve("processor_config.json"),
        "{\"num_image_tokens\": 16, \"vision_aspect_ratio\": \"anyres_max_2\"}");
    PictureProcessor oneVision =
        open("llava_onevision", "{\"size\": {\"height\": 8, \"width\": 8}, " + raw + "}");
    requireTiles(oneVision, picture, tokensOfOneVision, tilesOfOneVision, digestOfOneVision);
    // Several pictures of a prompt are not cut.
    List<Pixels> two = List.of(picture.get(0), picture.get(0));
    assertThat(oneVision.pixels(two).perPicture()).containsExactly(1, 1);
    try (Tokenizer tokenizer = tokenizer()) {
      PicturePrompt prompt = oneVision.prompt(tokenizer, "<image><image>", two);
      assertThat(Arrays.stream(prompt.typeIds()).sum()).isEqualTo(2 * 17);
    }
  }

  private void requireTiles(
      PictureProcessor processor, List<Pixels> picture, int tokens, int tiles, String digest)
      throws IOException {
    PixelBatch batch = processor.pixels(picture);
    assertThat(batch.shape()).containsExactly(tiles, 3, 8, 8);
    assertThat(batch.grids()[0])
        .containsExactly(1, picture.get(0).height(), picture.get(0).width());
    byte[] bytes = new byte[batch.values().length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (int) batch.values()[i];
    }
    assertThat(GoldenTensors.sha256(bytes)).startsWith(digest);
    try (Tokenizer tokenizer = tokenizer()) {
      PicturePrompt prompt = processor.prompt(tokenizer, "a<image>b", picture);
      assertThat(Arrays.stream(prompt.typeIds()).sum()).isEqualTo(tokens);
    }
  }

  private static Pixels pattern(int width, int height) {
    byte[] values = new byte[width * height * 3];
    for (int i = 0; i < values.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      values[i] = (byte) (x * x * 7 + y * 13 + x * y + i % 3 * 50);
    }
    return new Pixels(width, height, 3, values);
  }

  @Test
  void internVlAddsTheWholePictureToItsTiles() throws IOException {
    Files.writeString(folder.resolve("processor_config.json"), "{\"image_seq_length\": 3}");
    PictureProcessor processor =
        open(
            "internvl",
            "{\"size\": {\"height\": 8, \"width\": 8}, \"max_patches\": 4, \"do_normalize\": false,"
                + " \"crop_to_patches\": false}");
    List<Pixels> pictures = List.of(noise(31, 9), noise(8, 8));
    // 2 x 2 tiles are as near to the second, but larger than twice its area.
    PixelBatch batch = processor.pixels(pictures);
    assertThat(batch.perPicture()).containsExactly(4, 1);
    assertThat(processor.with(Map.of("crop_to_patches", false)).pixels(pictures).perPicture())
        .containsExactly(1, 1);
    try (Tokenizer tokenizer = tokenizer("<IMG_CONTEXT>")) {
      PicturePrompt prompt = processor.prompt(tokenizer, "<IMG_CONTEXT>a<IMG_CONTEXT>", pictures);
      assertThat(Arrays.stream(prompt.typeIds()).sum()).isEqualTo(15);
      int[] ids = tokenizer.encode("<img><IMG_CONTEXT>", true);
      assertThat(Arrays.copyOf(prompt.ids(), ids.length)).isEqualTo(ids);
    }
  }

  @Test
  void lightOnsRowsHaveNoMarks() throws IOException {
    Files.writeString(
        folder.resolve("processor_config.json"), "{\"patch_size\": 2, \"spatial_merge_size\": 2}");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"image_token\": \"<image>\"}");
    PictureProcessor processor =
        open("lighton_ocr", "{\"size\": {\"longest_edge\": 12}, \"patch_size\": 4}");
    try (Tokenizer tokenizer = tokenizer()) {
      PicturePrompt prompt = processor.prompt(tokenizer, "<image>", List.of(noise(5, 7)));
      assertThat(prompt.ids()).isEqualTo(tokenizer.encode("<image>".repeat(4), true));
    }
  }
}
