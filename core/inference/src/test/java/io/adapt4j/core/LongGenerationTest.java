package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.generate.Generator;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How far a generation goes, and that the ids past that are those of Transformers. */
class LongGenerationTest {

  private static final int POSITIONS = 16;
  private static final double THETA = 10000;
  private static final int DIM = 16;
  private static final double FACTOR = 2;

  private static final GenerationOptions FIFTY =
      GenerationOptions.greedy().toBuilder().maxNewTokens(50).ignoreEos(true).build();

  private static final String DYNAMIC = "{\"rope_type\": \"dynamic\", \"factor\": 2.0}";
  private static final String LINEAR = "{\"rope_type\": \"linear\", \"factor\": 2.0}";
  private static final String LONGROPE =
      "{\"rope_type\": \"longrope\", \"original_max_position_embeddings\": 12, \"short_factor\":"
          + " [1,1,1,1,1,1,1,1], \"long_factor\": [1,2,3,4,5,6,7,8], \"attention_factor\": 1.0}";

  /** Prompts within and beyond {@link #POSITIONS}, and of one length or another. */
  private static final List<List<int[]>> BATCHES =
      List.of(
          List.of(new int[] {5, 6, 7, 8}),
          List.of(IntStream.range(20, 20 + 3 * POSITIONS).toArray()),
          List.of(new int[] {9, 30, 31}, IntStream.range(40, 54).toArray()));

  @TempDir private Path folder;

  @Test
  void dynamicScalingGoesOnWithFrequenciesOfTheCurrentLength() throws IOException {
    equalsTheDefinition(DYNAMIC, FIFTY, LongGenerationTest::dynamic);
  }

  @Test
  void otherModelsGoOnWhereTheUserLiftsTheLimit() throws IOException {
    GenerationOptions lifted = FIFTY.toBuilder().ignoreContextLength(true).build();
    equalsTheDefinition(
        "null", lifted, length -> inverse(THETA, IntStream.range(0, 8).map(i -> 1).toArray()));
    equalsTheDefinition(
        LINEAR, lifted, length -> inverse(THETA, IntStream.range(0, 8).map(i -> 2).toArray()));
    equalsTheDefinition(
        LONGROPE,
        lifted,
        length ->
            inverse(THETA, IntStream.range(0, 8).map(i -> length > 12 ? i + 1 : 1).toArray()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "null | 16",
        LINEAR + " | 32",
        "{\"rope_type\": \"yarn\", \"factor\": 3.0} | 48",
        "{\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 10} | 40",
        LONGROPE + " | 16",
        "{\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0,"
            + " \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 8} | 16"
      })
  void aGenerationEndsAtTheLengthThatTheScalingExtendsTo(String scaling, int length)
      throws IOException {
    try (LanguageModel model = model(scaling)) {
      assertThat(model.contextLength()).isEqualTo(length);
      Generation cut = generate(model, FIFTY);
      assertThat(cut.finishReason()).isEqualTo(FinishReason.CONTEXT_LENGTH);
      assertThat(cut.promptTokens() + cut.tokenIds().size()).isEqualTo(length);
      assertThat(generate(model, FIFTY.toBuilder().maxNewTokens(length - 2).build()).finishReason())
          .isEqualTo(FinishReason.LENGTH);
      Generation lifted = generate(model, FIFTY.toBuilder().ignoreContextLength(true).build());
      assertThat(lifted.finishReason()).isEqualTo(FinishReason.LENGTH);
      assertThat(lifted.tokenIds()).hasSize(50).startsWith(cut.tokenIds().toArray(Integer[]::new));
    }
  }

  @Test
  void aPromptBeyondTheContextIsRefusedWithTheRemedy() throws IOException {
    try (LanguageModel model = model("null")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.generateIds(List.of(new int[POSITIONS]), FIFTY))
          .withMessageContaining("16")
          .withMessageContaining("ignoreContextLength");
    }
  }

  @Test
  void learnedPositionsEndWhateverTheUserSays() throws IOException {
    Path model =
        SmallModel.write(
            folder.resolve("model"),
            "{\"model_type\": \"gpt2\", \"vocab_size\": 512, \"n_embd\": 32, \"n_layer\": 2,"
                + " \"n_head\": 4, \"n_positions\": 24}");
    try (LanguageModel loaded = TestModels.fp32(model)) {
      GenerationOptions lifted = FIFTY.toBuilder().ignoreContextLength(true).build();
      Generation cut = generate(loaded, lifted);
      assertThat(cut.finishReason()).isEqualTo(FinishReason.CONTEXT_LENGTH);
      assertThat(cut.tokenIds()).hasSize(22);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loaded.generateIds(List.of(new int[24]), lifted))
          .withMessageEndingWith("shorten the prompt to 23");
    }
  }

  private static Generation generate(LanguageModel model, GenerationOptions options) {
    return new Generator(model.decoder(), Optional.empty(), Set.of())
        .generate(List.of(new int[] {5, 6}), options, text -> {}, new CancellationToken())
        .get(0);
  }

  private void equalsTheDefinition(
      String scaling, GenerationOptions options, IntFunction<double[]> frequencies)
      throws IOException {
    try (LanguageModel model = model(scaling);
        Definition definition = Definition.open(frequencies)) {
      for (List<int[]> prompts : BATCHES) {
        assertThat(model.generateIds(prompts, options))
            .as("%s of %d prompts", scaling, prompts.size())
            .containsExactlyElementsOf(definition.generate(prompts, options.maxNewTokens()));
      }
    }
  }

  /** The golden Llama with another rotary scaling. */
  private LanguageModel model(String scaling) throws IOException {
    Path source = TestModels.golden("llama");
    Path model = Files.createTempDirectory(folder, "model");
    Files.copy(source.resolve("model.safetensors"), model.resolve("model.safetensors"));
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(source.resolve("config.json")));
    config.put("max_position_embeddings", POSITIONS);
    config.set("rope_scaling", Json.parse(scaling));
    Files.writeString(model.resolve("config.json"), config.toString());
    return TestModels.fp32(model);
  }

  /** NTK-aware scaling: the base grows with the current length. */
  private static double[] dynamic(int length) {
    double stretch = FACTOR * Math.max(length, POSITIONS) / POSITIONS - (FACTOR - 1);
    return inverse(
        THETA * Math.pow(stretch, DIM / (DIM - 2.0)), new int[] {1, 1, 1, 1, 1, 1, 1, 1});
  }

  private static double[] inverse(double base, int[] divisors) {
    return IntStream.range(0, DIM / 2)
        .mapToDouble(i -> 1 / (divisors[i] * Math.pow(base, 2.0 * i / DIM)))
        .toArray();
  }

  /**
   * The forward pass with a cache, from its definition: a token is rotated once, with the
   * frequencies of the batch's longest row when it is read, and its key stays as it is.
   *
   * @param weights the golden Llama
   * @param frequencies by length
   */
  private record Definition(SafetensorsFile weights, IntFunction<double[]> frequencies)
      implements AutoCloseable {

    private static final int HEADS = 4;
    private static final int GROUP = 2;
    private static final int LAYERS = 2;
    private static final double EPSILON = 1e-5;

    static Definition open(IntFunction<double[]> frequencies) {
      return new Definition(
          SafetensorsFile.open(TestModels.golden("llama").resolve("model.safetensors")),
          frequencies);
    }

    List<int[]> generate(List<int[]> prompts, int count) {
      int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElseThrow();
      List<Row> rows = new ArrayList<>();
      List<int[]> found = new ArrayList<>();
      int[] next = new int[prompts.size()];
      for (int row = 0; row < prompts.size(); row++) {
        rows.add(new Row());
        found.add(new int[count]);
        for (int id : prompts.get(row)) {
          next[row] = forward(rows.get(row), id, frequencies.apply(longest));
        }
      }
      for (int i = 0; i < count; i++) {
        double[] inverse = frequencies.apply(longest + i + 1);
        for (int row = 0; row < prompts.size(); row++) {
          found.get(row)[i] = next[row];
          next[row] = forward(rows.get(row), next[row], inverse);
        }
      }
      return found;
    }

    /** Reads a token and returns the likeliest next. */
    private int forward(Row row, int id, double[] inverse) {
      double[] hidden =
          Arrays.copyOfRange(read("model.embed_tokens.weight"), id * 64, id * 64 + 64);
      for (int layer = 0; layer < LAYERS; layer++) {
        String path = "model.layers." + layer + ".";
        double[] normed = norm(hidden, path + "input_layernorm.weight");
        int position = row.keys.get(layer).size();
        double[] query =
            rotated(times(path + "self_attn.q_proj.weight", normed), inverse, position);
        row.keys
            .get(layer)
            .add(rotated(times(path + "self_attn.k_proj.weight", normed), inverse, position));
        row.values.get(layer).add(times(path + "self_attn.v_proj.weight", normed));
        add(
            hidden,
            times(
                path + "self_attn.o_proj.weight",
                attend(query, row.keys.get(layer), row.values.get(layer))));
        normed = norm(hidden, path + "post_attention_layernorm.weight");
        double[] gate = times(path + "mlp.gate_proj.weight", normed);
        double[] up = times(path + "mlp.up_proj.weight", normed);
        for (int i = 0; i < up.length; i++) {
          up[i] *= gate[i] / (1 + Math.exp(-gate[i]));
        }
        add(hidden, times(path + "mlp.down_proj.weight", up));
      }
      double[] logits = times("lm_head.weight", norm(hidden, "model.norm.weight"));
      int best = 0;
      for (int i = 1; i < logits.length; i++) {
        best = logits[i] > logits[best] ? i : best;
      }
      return best;
    }

    private static double[] attend(double[] query, List<double[]> keys, List<double[]> values) {
      double[] context = new double[HEADS * DIM];
      for (int head = 0; head < HEADS; head++) {
        int from = head * DIM;
        int stored = head / GROUP * DIM;
        double[] weights = new double[keys.size()];
        double sum = 0;
        for (int t = 0; t < weights.length; t++) {
          double product = 0;
          for (int i = 0; i < DIM; i++) {
            product += query[from + i] * keys.get(t)[stored + i];
          }
          weights[t] = Math.exp(product / Math.sqrt(DIM));
          sum += weights[t];
        }
        for (int t = 0; t < weights.length; t++) {
          for (int i = 0; i < DIM; i++) {
            context[from + i] += weights[t] / sum * values.get(t)[stored + i];
          }
        }
      }
      return context;
    }

    private static double[] rotated(double[] heads, double[] inverse, int position) {
      double[] rotated = new double[heads.length];
      for (int from = 0; from < heads.length; from += DIM) {
        for (int i = 0; i < DIM / 2; i++) {
          double cos = Math.cos(position * inverse[i]);
          double sin = Math.sin(position * inverse[i]);
          double first = heads[from + i];
          double second = heads[from + i + DIM / 2];
          rotated[from + i] = first * cos - second * sin;
          rotated[from + i + DIM / 2] = second * cos + first * sin;
        }
      }
      return rotated;
    }

    private double[] norm(double[] values, String name) {
      double[] weight = read(name);
      double mean = Arrays.stream(values).map(value -> value * value).sum() / values.length;
      return IntStream.range(0, values.length)
          .mapToDouble(i -> values[i] / Math.sqrt(mean + EPSILON) * weight[i])
          .toArray();
    }

    private double[] times(String name, double[] values) {
      double[] weight = read(name);
      double[] product = new double[weight.length / values.length];
      for (int i = 0; i < weight.length; i++) {
        product[i / values.length] += weight[i] * values[i % values.length];
      }
      return product;
    }

    private static void add(double[] sum, double[] values) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += values[i];
      }
    }

    private double[] read(String name) {
      FloatBuffer buffer = weights.bytes(name).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
      double[] values = new double[buffer.remaining()];
      for (int i = 0; i < values.length; i++) {
        values[i] = buffer.get();
      }
      return values;
    }

    @Override
    public void close() {
      weights.close();
    }
  }

  /** What a row has read: keys and values by layer. */
  private static final class Row {
    private final List<List<double[]>> keys = List.of(new ArrayList<>(), new ArrayList<>());
    private final List<List<double[]>> values = List.of(new ArrayList<>(), new ArrayList<>());
  }
}
