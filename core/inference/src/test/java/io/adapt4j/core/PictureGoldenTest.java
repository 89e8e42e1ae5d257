package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.picture.PictureRows;
import io.adapt4j.core.internal.nn.picture.Pictures;
import io.adapt4j.core.internal.nn.picture.PromptPictures;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text models that take stored features of pictures, against numbers of Transformers. */
class PictureGoldenTest {

  private static final GenerationOptions SIXTEEN =
      GenerationOptions.greedy().toBuilder().maxNewTokens(16).ignoreEos(true).build();

  @ParameterizedTest
  @ValueSource(
      strings = {"idefics3", "smolvlm", "lfm2_vl", "qwen2_5_vl", "qwen3_vl", "gemma3", "paligemma"})
  void logitsPositionsAndGeneratedTokensEqualThoseOfTransformers(String name) throws Exception {
    Path folder = Golden.folder("multimodal/models/" + name);
    long before = Tensor.live();
    try (LanguageModel model = TestModels.fp32(folder);
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      JsonNode cases = Json.parse(Files.readString(folder.resolve("cases.json")));
      for (JsonNode json : cases.get("cases")) {
        Case golden = new Case(json.get("name").asText(), expected, cases.get("image_token_id"));
        golden.check(model);
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** A case of a model. */
  private record Case(String name, SafetensorsFile expected, JsonNode token) {

    void check(LanguageModel model) {
      List<Pictures.Held> held = new ArrayList<>();
      List<int[]> prompts = new ArrayList<>();
      int used = 0;
      int picture = 0;
      List<int[]> all = rows("input_ids");
      for (int row = 0; row < all.size(); row++) {
        int[] mask = rows("attention_mask").get(row);
        int start = (int) Arrays.stream(mask).takeWhile(seen -> seen == 0).count();
        int[] ids = Arrays.copyOfRange(all.get(row), start, mask.length);
        int places = (int) Arrays.stream(ids).filter(id -> id == token.asInt()).count();
        List<Integer> rowIds = new ArrayList<>();
        while (rowIds.size() < places) {
          int[] grid = has("image_grid_thw") ? rows("image_grid_thw").get(picture) : new int[0];
          int count = grid.length == 0 ? places : grid[0] * grid[1] * grid[2] / 4;
          Pictures.Held added = add(model.decoder(), picture++, used, count, grid);
          held.add(added);
          Arrays.stream(added.ids()).forEach(rowIds::add);
          used += count;
        }
        int next = 0;
        for (int at = 0; at < ids.length; at++) {
          ids[at] = ids[at] == token.asInt() ? rowIds.get(next++) : ids[at];
        }
        prompts.add(ids);
        checkLogits(model.decoder(), row, start, ids);
      }
      if (has("generated")) {
        assertThat(model.generateIds(prompts, SIXTEEN))
            .as(name)
            .containsExactlyElementsOf(rows("generated"));
        for (int turn = 0; turn < 2; turn++) {
          for (int row = 0; row < prompts.size(); row++) {
            Generation answer =
                model.generate(prompts.get(row), SIXTEEN, text -> {}, new CancellationToken());
            assertThat(answer.tokenIds().stream().mapToInt(id -> id).toArray())
                .as(name)
                .isEqualTo(rows("generated").get(row));
          }
        }
      }
      held.forEach(Pictures.Held::close);
    }

    private Pictures.Held add(Decoder decoder, int picture, int from, int count, int[] grid) {
      List<Tensor> deeper = new ArrayList<>();
      for (int layer = 0; has("deepstack." + layer); layer++) {
        deeper.add(part("deepstack." + layer, from, count));
      }
      Tensor rows = part("image_features", from, count);
      return decoder
          .pictures()
          .hold(
              name + picture,
              grid.length == 0
                  ? PictureRows.of(rows, deeper)
                  : PictureRows.onGrid(rows, deeper, grid[1] / 2, grid[2] / 2));
    }

    private Tensor part(String tensor, int from, int count) {
      int width = Math.toIntExact(expected.entry(name + "." + tensor).shape().get(1));
      float[] values = floats(tensor);
      return Tensor.of(
              Arrays.copyOfRange(values, from * width, (from + count) * width), count, width)
          .own();
    }

    private void checkLogits(Decoder decoder, int row, int start, int[] ids) {
      int prefix = ids.length;
      if (name.equals("suffix")) {
        int[] types = rows("token_type_ids").get(row);
        prefix = (int) IntStream.range(start, types.length).filter(i -> types[i] == 0).count();
      }
      try (Scope scope = Scope.open(decoder.engine());
          PromptPictures pictures = decoder.pictures().of(Arrays.copyOf(ids, prefix));
          KvCache cache = decoder.newCache(1, ids.length);
          Positions positions =
              decoder.joinedPositions(
                  List.of(cache), new int[] {ids.length}, new int[1], List.of(pictures))) {
        if (has("position_ids")) {
          checkPositions(pictures, row, start, ids.length);
        }
        long[] input = Arrays.stream(ids).mapToLong(id -> id < Pictures.FIRST ? id : 0).toArray();
        Tensor hidden =
            decoder.hidden(Ops.inference(), Tensor.of(input, 1, ids.length), positions, false);
        float[] found = decoder.logits(hidden).toFloats();
        boolean isWhole = has("logits");
        float[] wanted = floats(isWhole ? "logits" : "logits_last");
        int vocabulary = found.length / ids.length;
        int stored = wanted.length / vocabulary / rows("input_ids").size();
        int compared = Math.min(stored, ids.length);
        float most = 0;
        for (int i = 0; i < compared * vocabulary; i++) {
          float other = wanted[((row + 1) * stored - compared) * vocabulary + i];
          most = Math.max(most, Math.abs(found[found.length - compared * vocabulary + i] - other));
        }
        assertThat(most).as(name + " row " + row).isLessThan(1e-4f);
      }
    }

    private void checkPositions(PromptPictures pictures, int row, int start, int length) {
      int[] wanted = rows("position_ids", start + length);
      int rows = rows("input_ids").size();
      int axes = wanted.length / rows / (start + length);
      for (int axis = 0; axis < 3; axis++) {
        int from = ((axis + axes - 3) * rows + row) * (start + length) + start;
        int of = axis;
        assertThat(IntStream.range(0, length).map(at -> pictures.position(of, at)).toArray())
            .isEqualTo(Arrays.copyOfRange(wanted, from, from + length));
      }
    }

    private boolean has(String tensor) {
      return expected.entries().containsKey(name + "." + tensor);
    }

    private float[] floats(String tensor) {
      String full = name + "." + tensor;
      float[] values = new float[Math.toIntExact(expected.entry(full).elements())];
      expected.bytes(full).asFloatBuffer().get(values);
      return values;
    }

    private int[] rows(String tensor, int width) {
      String full = name + "." + tensor;
      long[] values = new long[Math.toIntExact(expected.entry(full).elements())];
      expected.bytes(full).asLongBuffer().get(values);
      assertThat(values.length % width).isZero();
      return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
    }

    private List<int[]> rows(String tensor) {
      int width = Math.toIntExact(expected.entry(name + "." + tensor).shape().get(1));
      int[] values = rows(tensor, width);
      return IntStream.range(0, values.length / width)
          .mapToObj(row -> Arrays.copyOfRange(values, row * width, (row + 1) * width))
          .toList();
    }
  }
}
