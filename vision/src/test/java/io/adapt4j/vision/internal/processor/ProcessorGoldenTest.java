package io.adapt4j.vision.internal.processor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.adapt4j.core.Golden;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.GoldenTensors;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Limits;
import io.adapt4j.vision.internal.image.PictureReader;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pixels, prompts and token ids of Transformers' processors, for every case of the goldens. */
class ProcessorGoldenTest {

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();
  private static final Limits LIMITS = new Limits(1 << 20, 1 << 20, 1 << 12, 10);

  /** The folder in the resources: the main capability without what lies beside the repository. */
  @Test
  void anIdefics3FolderGivesTheReferencesPixelsAndIds() throws IOException {
    check(Path.of("src/test/resources/models/idefics3"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"idefics3", "smolvlm", "qwen2_5_vl", "qwen3_vl", "lfm2_vl", "gemma3", "paligemma"})
  void conversationsGiveTheReferencesPixelsAndIds(String name) throws IOException {
    check(Golden.folder("multimodal/models/" + name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"siglip", "clip"})
  void picturesOfEmbeddersGiveTheReferencesPixels(String name) throws IOException {
    Path folder = Golden.folder("multimodal/models/" + name);
    JsonNode cases = JSON.readTree(folder.resolve("cases.json").toFile());
    List<Pixels> pictures = new ArrayList<>();
    for (JsonNode file : cases.path("image_order")) {
      pictures.add(read(folder, file.asText()));
    }
    try (GoldenTensors expected = GoldenTensors.in(folder)) {
      Case golden = new Case(folder, cases, "", expected, new ArrayList<>());
      golden.pixels(PictureProcessors.open(folder), List.of(pictures));
      assertThat(golden.wrong).isEmpty();
    }
  }

  private static void check(Path folder) throws IOException {
    JsonNode cases = JSON.readTree(folder.resolve("cases.json").toFile()).path("cases");
    List<String> wrong = new ArrayList<>();
    try (GoldenTensors expected = GoldenTensors.in(folder);
        Tokenizer tokenizer = Tokenizer.load(folder)) {
      for (JsonNode test : cases) {
        String prefix = test.path("name").asText() + ".";
        new Case(folder, test, prefix, expected, wrong).check(tokenizer);
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(cases.size()).isGreaterThan(0);
  }

  private static Pixels read(Path folder, String file) throws IOException {
    return PictureReader.read(Files.readAllBytes(folder.resolve("images").resolve(file)), LIMITS);
  }

  /** One case, and what was found wrong. */
  private record Case(
      Path folder, JsonNode test, String prefix, GoldenTensors expected, List<String> wrong) {

    void check(Tokenizer tokenizer) throws IOException {
      PictureProcessor opened = PictureProcessors.open(folder);
      List<List<Pixels>> rows = new ArrayList<>();
      List<PicturePrompt> prompts = new ArrayList<>();
      for (JsonNode row : test.path("rows")) {
        List<Pixels> pictures = new ArrayList<>();
        for (JsonNode message : row.path("messages")) {
          for (JsonNode part : message.path("content")) {
            if (part.path("type").asText().equals("image")) {
              pictures.add(read(folder, part.path("file").asText()));
            }
          }
        }
        rows.add(pictures);
        String rendered = row.path("rendered").asText();
        if (test.path("chat_template").asBoolean()) {
          require("rendered", render(row).equals(rendered));
        }
        PictureProcessor processor = opened.with(options(rows.size() - 1));
        prompts.add(processor.prompt(tokenizer, rendered, pictures));
      }
      ids(prompts, tokenizer.paddingId());
      if (rows.stream().anyMatch(pictures -> !pictures.isEmpty())) {
        pixels(opened.with(options(0)), rows);
      }
    }

    private Map<String, Object> options(int row) {
      Map<String, Object> options =
          JSON.convertValue(test.path("options"), new TypeReference<HashMap<String, Object>>() {});
      if (options == null) {
        return Map.of();
      }
      options.replaceAll((name, value) -> value instanceof List<?> list ? list.get(row) : value);
      return options;
    }

    private String render(JsonNode row) {
      List<ChatMessage> messages = new ArrayList<>();
      for (JsonNode message : row.path("messages")) {
        messages.add(
            ChatMessage.of(
                JSON.convertValue(message, new TypeReference<HashMap<String, Object>>() {})));
      }
      return ChatTemplate.read(folder)
          .render(
              messages,
              ChatOptions.defaults()
                  .withGenerationPrompt(test.path("add_generation_prompt").asBoolean()));
    }

    private void ids(List<PicturePrompt> prompts, int padding) {
      int length = prompts.stream().mapToInt(prompt -> prompt.ids().length).max().orElseThrow();
      long[] ids = new long[prompts.size() * length];
      long[] mask = new long[ids.length];
      long[] types = new long[ids.length];
      for (int i = 0; i < prompts.size(); i++) {
        PicturePrompt prompt = prompts.get(i);
        int start = length - prompt.ids().length;
        for (int k = 0; k < length; k++) {
          int at = i * length + k;
          ids[at] = k < start ? padding : prompt.ids()[k - start];
          mask[at] = k < start ? 0 : 1;
          types[at] = k < start ? 0 : prompt.typeIds()[k - start];
        }
      }
      equal("input_ids", ids);
      equal("attention_mask", mask);
      equal("token_type_ids", types);
      equal("mm_token_type_ids", types);
    }

    private void equal(String name, long[] found) {
      if (expected.has(prefix + name)) {
        require(name, Arrays.equals(found, expected.longs(prefix + name)));
      }
    }

    private void require(String name, boolean right) {
      if (!right) {
        wrong.add(prefix + name);
      }
    }

    void pixels(PictureProcessor processor, List<List<Pixels>> rows) throws IOException {
      boolean torch = test.path("backend").asText().equals("torchvision");
      require("backend", torch == (processor.backend() == Resampling.TORCHVISION));
      List<Pixels> all = rows.stream().flatMap(List::stream).toList();
      PixelBatch batch = processor.pixels(all);
      floats(padded(batch, rows, batch.values()));
      sha256(padded(batch, rows, units(batch)), test.path("pixel_values_uint8_sha256").asText());
      grids(batch);
      JsonNode other = test.path("other_backend");
      if (other.has("pixel_values_uint8_sha256")) {
        PixelBatch others =
            processor.with(Map.of("backend", other.path("backend").asText())).pixels(all);
        sha256(
            padded(others, rows, units(others)), other.path("pixel_values_uint8_sha256").asText());
      }
    }

    private void grids(PixelBatch batch) {
      long[] flat =
          Arrays.stream(batch.grids())
              .flatMapToInt(java.util.Arrays::stream)
              .asLongStream()
              .toArray();
      equal("image_grid_thw", flat);
      equal(
          "spatial_shapes",
          Arrays.stream(batch.grids())
              .flatMapToInt(grid -> Arrays.stream(grid, 1, 3))
              .asLongStream()
              .toArray());
      if (batch.mask().length > 0) {
        require(
            "pixel_attention_mask",
            Arrays.equals(batch.mask(), expected.bytes(prefix + "pixel_attention_mask")));
      }
    }

    /** Adds the tiles of zeros that Idefics3's batches have in rows with fewer tiles. */
    private float[] padded(PixelBatch batch, List<List<Pixels>> rows, float[] values) {
      if (rows.size() == 1
          || !expected.has(prefix + "pixel_values_uint8")
          || expected.shape(prefix + "pixel_values_uint8").size() != 5) {
        return values;
      }
      int tiles = expected.shape(prefix + "pixel_values_uint8").get(1).intValue();
      int length = values.length / batch.shape().get(0);
      float[] out = new float[rows.size() * tiles * length];
      int from = 0;
      int picture = 0;
      for (int i = 0; i < rows.size(); i++) {
        int to = i * tiles;
        for (int k = 0; k < rows.get(i).size(); k++, picture++) {
          int count = batch.perPicture()[picture];
          System.arraycopy(values, from * length, out, to * length, count * length);
          from += count;
          to += count;
        }
      }
      return out;
    }

    /** Returns the values before normalization. */
    private float[] units(PixelBatch batch) throws IOException {
      JsonNode file = JSON.readTree(folder.resolve("preprocessor_config.json").toFile());
      float[] out = new float[batch.values().length];
      List<Integer> shape = batch.shape();
      boolean planes = shape.size() == 4;
      boolean padded = shape.size() == 3;
      int plane = planes ? shape.get(2) * shape.get(3) : padded ? 1 : shape.get(1) / 3;
      int row = shape.get(shape.size() - 1);
      for (int i = 0; i < out.length; i++) {
        int channel = i / plane % 3;
        double mean = file.path("image_mean").path(channel).asDouble();
        double std = file.path("image_std").path(channel).asDouble();
        boolean there = !padded || batch.mask()[i / row] == 1;
        out[i] = there ? Math.round((batch.values()[i] * std + mean) * 255) : 0;
      }
      return out;
    }

    private void sha256(float[] units, String digest) {
      byte[] bytes = new byte[units.length];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (int) units[i];
      }
      require("pixel_values_uint8 " + digest, GoldenTensors.sha256(bytes).equals(digest));
    }

    private void floats(float[] found) {
      JsonNode tensor = test.path("tensors").path("pixel_values");
      String stored = tensor.path("stored").asText().toLowerCase(Locale.ROOT);
      int every = stored.startsWith("every ") ? Integer.parseInt(stored.substring(6)) : 1;
      float[] values = expected.floats(prefix + "pixel_values");
      boolean right = values.length == (found.length + every - 1) / every;
      for (int i = 0; right && i < values.length; i++) {
        right = Math.abs(values[i] - found[i * every]) <= 1e-6;
      }
      require("pixel_values", right);
    }
  }
}
