package io.adapt4j.core.finetune;

import static io.adapt4j.core.Floats.dot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.EmbeddingOptions;
import io.adapt4j.core.Pooling;
import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.internal.task.embedding.EmbeddingBatch;
import io.adapt4j.core.internal.task.embedding.EmbeddingEncoder;
import io.adapt4j.core.internal.task.embedding.EmbeddingRows;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Embedding models fine-tuned on queries and their passages, from the builder to the folder. */
class EmbeddingTuningTest {

  private static final List<String> COLORS = List.of("red", "blue");
  private static final List<String> ANIMALS = List.of("cat", "dog");
  private static final List<String> SPEEDS = List.of("fast", "slow");

  @TempDir private Path folder;

  private final RunRecorder events = new RunRecorder();

  @Test
  void queriesLearnedoFindTheirPassagesAndTheFolderIsOneOfSentenceTransformers()
      throws IOException {
    long before = Tensor.live();
    Path base = SmallEncoder.write(folder.resolve("base"));
    FineTuneReport report =
        tuner(base, Task.embeddings(), data())
            .modelDropout(false)
            .keepBest()
            .metricForBestModel("mrr")
            .build()
            .run();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(events.evaluations.get(0).metrics().get("mrr")).isLessThan(0.8);
    assertThat(report.bestMetrics().keySet()).containsExactly("mrr", "accuracy");
    assertThat(report.bestMetrics().get("mrr")).isGreaterThan(0.95);
    assertThat(report.bestValidationLoss().orElseThrow())
        .isLessThan(0.5 * report.initialValidationLoss().orElseThrow());

    JsonNode modules = Json.parse(Files.readString(report.best().resolve("modules.json")));
    assertThat(modules.findValuesAsText("type"))
        .containsExactly(
            "sentence_transformers.models.Transformer",
            "sentence_transformers.models.Pooling",
            "sentence_transformers.models.Normalize");
    assertThat(accuracy(report.best(), data().train()))
        .isCloseTo(1, within(0.01))
        .isGreaterThan(accuracy(base, data().train()));
  }

  /** BertModel has it, though the mean over tokens does not go through it. */
  @Test
  void thePoolingLayerOfTheBaseIsKept() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    ModelConfig config = ModelConfig.read(base);
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      List<TensorData> tensors = new ArrayList<>();
      for (String name : checkpoint.names()) {
        TensorEntry entry = checkpoint.entry(name);
        ByteBuffer copy = ByteBuffer.allocate((int) entry.length()).put(checkpoint.bytes(name));
        tensors.add(TensorData.of(name, entry.type(), entry.shape(), copy::flip));
      }
      for (String name : List.of("pooler.dense.weight", "pooler.dense.bias")) {
        long width = SmallEncoder.HIDDEN;
        List<Long> shape = name.endsWith("bias") ? List.of(width) : List.of(width, width);
        int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
        ByteBuffer ones = ByteBuffer.allocate(Float.BYTES * count);
        Arrays.fill(ones.array(), (byte) 0x3f);
        tensors.add(TensorData.of(name, StoredType.F32, shape, () -> ones));
      }
      CheckpointFolder.write(folder.resolve("pooled"), base, config, tensors);
    }
    FineTuneReport report =
        tuner(folder.resolve("pooled"), Task.embeddings(), data()).maxSteps(1).build().run();
    try (Checkpoint before = Checkpoint.open(folder.resolve("pooled"));
        Checkpoint after = Checkpoint.open(report.last())) {
      assertThat(after.names()).isEqualTo(before.names());
      assertThat(after.bytes("pooler.dense.weight")).isEqualTo(before.bytes("pooler.dense.weight"));
    }
  }

  @Test
  void poolingLimitsAndPromptsOfTheBaseAreTrainedWithAndCopied() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Files.createDirectories(base.resolve("1_Pooling"));
    Files.writeString(
        base.resolve("1_Pooling/config.json"),
        "{\"word_embedding_dimension\": 24, \"pooling_mode_cls_token\": true,"
            + " \"pooling_mode_mean_tokens\": false}");
    Files.writeString(
        base.resolve("modules.json"),
        "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"},"
            + " {\"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"}]");
    Files.writeString(
        base.resolve("sentence_bert_config.json"),
        "{\"max_seq_length\": 9, \"do_lower_case\": true}");
    Files.writeString(
        base.resolve("config_sentence_transformers.json"), "{\"prompts\": {\"q\": \"query: \"}}");
    FineTuneReport report =
        tuner(base, Task.embeddings().prompts("query: ", ""), data()).maxSteps(2).build().run();
    for (String file :
        List.of(
            "modules.json",
            "1_Pooling/config.json",
            "sentence_bert_config.json",
            "config_sentence_transformers.json")) {
      assertThat(report.last().resolve(file)).hasSameTextualContentAs(base.resolve(file));
    }
    EmbeddingOptions first =
        EmbeddingOptions.builder()
            .pooling(Pooling.FIRST)
            .normalize(false)
            .precision(Precision.FP32)
            .build();
    try (TextEmbedder trained = TextEmbedder.load(ModelSource.path(report.last()));
        TextEmbedder same = TextEmbedder.load(ModelSource.path(report.last()), first)) {
      assertThat(trained.maxTokens()).isEqualTo(9);
      assertThat(trained.prompts()).containsKey("q");
      assertThat(trained.embed("the red cat")).isEqualTo(same.embed("The red CAT"));
    }
  }

  @Test
  void aRunThatWasStoppedGoesOnToTheBit() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Path whole = folder.resolve("whole");
    Path cut = folder.resolve("cut");
    Path expected = tuner(base, Task.embeddings(), data()).output(whole).build().run().last();
    FineTuner[] running = new FineTuner[1];
    running[0] =
        tuner(base, Task.embeddings(), data())
            .output(cut)
            .listener(
                new TrainingListener() {
                  @Override
                  public void step(StepEvent event) {
                    if (event.step() == 7) {
                      running[0].stop();
                    }
                  }
                })
            .build();
    running[0].run();
    Path found = tuner(base, Task.embeddings(), data()).output(cut).resume().build().run().last();
    assertThat(found.resolve("model.safetensors"))
        .hasSameBinaryContentAs(expected.resolve("model.safetensors"));
  }

  @Test
  void matryoshkaTrainsCutVectorsAndTheFolderSaysWhatTheyAreCutTo() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    FineTuneReport report =
        tuner(base, Task.embeddings().matryoshka(24, 4).truncateDimension(4), data())
            .modelDropout(false)
            .keepBest()
            .metricForBestModel("mrr_4")
            .build()
            .run();
    assertThat(report.bestMetrics().keySet())
        .containsExactly("mrr", "accuracy", "mrr_24", "accuracy_24", "mrr_4", "accuracy_4");
    assertThat(report.bestMetrics().get("mrr_24")).isEqualTo(report.bestMetrics().get("mrr"));
    assertThat(report.bestMetrics().get("mrr_4"))
        .isGreaterThan(events.evaluations.get(0).metrics().get("mrr_4"));
    JsonNode settings =
        Json.parse(Files.readString(report.best().resolve("config_sentence_transformers.json")));
    assertThat(settings.get("truncate_dim").asInt()).isEqualTo(4);
    EmbeddingOptions whole =
        EmbeddingOptions.builder().dimension(24).precision(Precision.FP32).build();
    try (TextEmbedder cut = TextEmbedder.load(ModelSource.path(report.best()), Precision.FP32);
        TextEmbedder all = TextEmbedder.load(ModelSource.path(report.best()), whole)) {
      assertThat(cut.dimension()).isEqualTo(4);
      assertThat(all.dimension()).isEqualTo(24);
      float[] expected = Arrays.copyOf(all.embed("the red cat"), 4);
      double length = Math.sqrt(dot(expected, expected));
      float[] found = cut.embed("the red cat");
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i]).isCloseTo((float) (expected[i] / length), within(1e-6f));
      }
    }
  }

  @Test
  void aPassageThatAnswersAQueryInAnotherRowIsNoWrongAnswerToIt() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Dataset rows =
        Datasets.of(
            List.of(
                new Example.QueryPassage("red", "the red cat"),
                new Example.QueryPassage("red ", "the red dog"),
                new Example.QueryPassage("cat", "the red cat"),
                new Example.QueryPassage("dog", "the dog", List.of("the red dog", "the cat"))));
    try (Tokenizer tokenizer = Tokenizer.load(base)) {
      EmbeddingEncoder encoder =
          new EmbeddingEncoder(tokenizer, new EmbeddingEncoder.Options(16, "", "", false));
      EmbeddingRows encoded = new EmbeddingRows(rows, encoder);
      EmbeddingBatch batch = encoded.batches(0).inOrder(4).epoch(0).next();
      assertThat(batch.passages().rows()).isEqualTo(6);
      assertThat(encoded.mostTexts()).isEqualTo(4);
      // Columns: red cat, red dog, red cat, dog, red dog (negative), cat (negative).
      assertThat(rows(batch)).containsExactly("·xx·x·", "x·x·x·", "x·····", "······");
    }
  }

  private static List<String> rows(EmbeddingBatch batch) {
    List<String> rows = new ArrayList<>();
    int columns = batch.passages().rows();
    for (int i = 0; i < batch.size(); i++) {
      StringBuilder row = new StringBuilder();
      for (int j = 0; j < columns; j++) {
        row.append(batch.excluded()[i * columns + j] ? 'x' : '·');
      }
      rows.add(row.toString());
    }
    return rows;
  }

  @Test
  void thePlanCountsTheTextsOfABatch() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Dataset pairs = data().train();
    List<Example> withNegatives = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      Example.QueryPassage queryPassage = (Example.QueryPassage) pairs.get(i);
      withNegatives.add(
          new Example.QueryPassage(
              queryPassage.query(), queryPassage.passage(), List.of("the mat", "a mat")));
    }
    FineTunePlan plain = plan(base, pairs);
    FineTunePlan more = plan(base, Datasets.of(withNegatives));
    assertThat(plain.steps()).isEqualTo(6 * 4);
    assertThat(plain.trainExamples()).isEqualTo(32);
    assertThat(((RunPlan) plain).forecast().orElseThrow().rows()).isEqualTo(8 * 2);
    assertThat(((RunPlan) more).forecast().orElseThrow().rows()).isEqualTo(8 * 4);
  }

  private FineTunePlan plan(Path base, Dataset rows) {
    return tuner(base, Task.embeddings(), new Split(rows, rows.take(0), rows.take(0)))
        .build()
        .plan();
  }

  @Test
  void whatCannotBeTrainedIsRefusedWithTheRemedy() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Dataset texts = Datasets.of(List.of(new Example.Text("the cat")));
    FineTuner other =
        tuner(base, Task.embeddings(), new Split(texts, texts.take(0), texts.take(0))).build();
    assertThatThrownBy(other::run)
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining(
            "row 0: expected a query with its passage (fields query and passage)");
    assertThatThrownBy(
            () -> tuner(base, Task.embeddings(), data()).metricForBestModel("macro_f1").build())
        .hasMessageContaining("expected one of [loss, mrr, accuracy]");
    assertThatThrownBy(() -> tuner(base, Task.embeddings().matryoshka(25), data()).build())
        .hasMessageContaining("matryoshka: expected at most 24");
    Files.createDirectories(base.resolve("1_Pooling"));
    Files.writeString(base.resolve("1_Pooling/config.json"), "{\"include_prompt\": false}");
    Files.writeString(
        base.resolve("modules.json"),
        "[{\"path\": \"\", \"type\": \"a.Transformer\"},"
            + " {\"path\": \"1_Pooling\", \"type\": \"a.Pooling\"}]");
    Task prompted = Task.embeddings().prompts("query: ", "");
    assertThatThrownBy(() -> tuner(base, prompted, data()).build())
        .hasMessageContaining("include_prompt: false");
  }

  private FineTuner.Builder tuner(Path base, Task task, Split data) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(task)
        .dataset(data)
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(6)
        .learningRate(3e-3)
        .batchSize(8)
        .listener(events)
        .output(folder.resolve("run"));
  }

  /** What a query says in short, its passage says in full; eight passages in all. */
  private static Split data() {
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      String color = COLORS.get(i % 2);
      String animal = ANIMALS.get(i / 2 % 2);
      String speed = SPEEDS.get(i / 4 % 2);
      String query =
          i < 16 ? animal + " " + color + " " + speed : speed + " " + animal + " a " + color;
      String verb = speed.equals("fast") ? " ran" : " sat";
      rows.add(
          new Example.QueryPassage(query, "the " + color + " " + animal + verb + " on the mat"));
    }
    Dataset all = Datasets.of(rows);
    return new Split(all, all.take(8), all.take(0));
  }

  private static double accuracy(Path model, Dataset rows) {
    try (TextEmbedder embedder = TextEmbedder.load(ModelSource.path(model), Precision.FP32)) {
      List<String> passages = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        passages.add(((Example.QueryPassage) rows.get(i)).passage());
      }
      List<float[]> vectors = embedder.embedAll(passages);
      int right = 0;
      for (int i = 0; i < rows.size(); i++) {
        Example.QueryPassage row = (Example.QueryPassage) rows.get(i);
        float[] query = embedder.embed(row.query());
        int best = 0;
        for (int j = 1; j < vectors.size(); j++) {
          best = dot(query, vectors.get(j)) > dot(query, vectors.get(best)) ? j : best;
        }
        right += passages.get(best).equals(row.passage()) ? 1 : 0;
      }
      return (double) right / rows.size();
    }
  }
}
