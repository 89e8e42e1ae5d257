package io.adapt4j.verification.golden.vision;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.verification.internal.AdapterCourse;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import io.adapt4j.vision.internal.training.TrainingPictures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Checks adapters on models that answer about pictures, with batches made from the messages. */
public final class PictureLoraCheck implements AdapterCourse.Reader<PictureLoraCheck.MicroBatch> {

  /** Folders of such adapters. */
  public static final Kind KIND =
      new Kind(
          "adapters on pictures",
          source ->
              source.file(AdapterCourse.OPTIONS).path("task").asText().equals("image_text")
                  && source.json().has("steps"),
          (source, section) -> {
            try (GoldenFolder golden = GoldenFolder.open(source.path(), section)) {
              run(golden);
            }
          });

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_LENGTH = 1 << 16;

  /**
   * Rows with tokens first and padding last.
   *
   * @param starts where each row's tokens start in the stored batch, which may pad on the left
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record MicroBatch(Batch batch, int[] starts) {}

  private final TrainingPictures pictures;
  private final Decoder decoder;
  private final NextTokens task;

  private PictureLoraCheck(TrainingPictures pictures, Decoder decoder) {
    this.pictures = pictures;
    this.decoder = decoder;
    this.task = new NextTokens(decoder);
  }

  private static void run(GoldenFolder golden) {
    JsonNode options = GoldenFolder.json(golden.path(), AdapterCourse.OPTIONS);
    Path base = AdapterCourse.requireSupported(golden.path(), options);
    PictureFiles.requireTower(base);
    ModelConfig config = ModelConfig.read(base);
    TrainingPictures pictures = pictures(base, config, options.path("image_options"));
    List<MicroBatch> batches = new Batches(golden, pictures).read(base, options.path("batches"));
    try (Decoder decoder = load(base, pictures)) {
      PictureLoraCheck check = new PictureLoraCheck(pictures, decoder);
      new AdapterCourse<>(golden, options, base, check, batches).run();
    }
  }

  private static Decoder load(Path model, TrainingPictures pictures) {
    return (Decoder)
        TaskModel.generating(StoredModel.read(model, WeightFormat.asStored()), model)
            .reading(Optional.of(pictures))
            .load(Precision.FP32, 0);
  }

  private static TrainingPictures pictures(Path base, ModelConfig config, JsonNode options) {
    Map<String, Object> stated =
        options.isObject() ? JSON.convertValue(options, new TypeReference<>() {}) : Map.of();
    return new TrainingPictures(config, PictureProcessors.open(base), stated);
  }

  /** Encodes the rows of micro-batches and compares them with the stored ones. */
  private record Batches(GoldenFolder golden, TrainingPictures pictures) {

    List<MicroBatch> read(Path base, JsonNode stated) {
      ChatTemplate template =
          ChatTemplate.find(base)
              .orElseThrow(
                  () -> new UnsupportedQuantityException("training without a chat template"));
      List<MicroBatch> batches = new ArrayList<>();
      try (Tokenizer tokenizer = Tokenizer.load(base);
          Checkpoint stored = Checkpoint.openFile(golden.path().resolve("batches.safetensors"))) {
        ExampleEncoder encoder =
            ExampleEncoder.builder(tokenizer, MAX_LENGTH)
                .chatTemplate(template)
                .pictures(pictures.tokens(tokenizer, template))
                .build();
        for (JsonNode batch : stated) {
          batches.add(batch(encoder, stored, batches.size() + ".", batch.path("rows")));
        }
      }
      return batches;
    }

    private MicroBatch batch(
        ExampleEncoder encoder, Checkpoint stored, String prefix, JsonNode rows) {
      long[] storedIds = GoldenFolder.longs(stored, prefix + "input_ids");
      long[] storedMask = GoldenFolder.longs(stored, prefix + "attention_mask");
      long[] storedLabels = GoldenFolder.longs(stored, prefix + "labels");
      int length = storedIds.length / rows.size();
      long[] ids = new long[storedIds.length];
      long[] mask = new long[ids.length];
      long[] labels = new long[ids.length];
      Arrays.fill(labels, Batch.IGNORED);
      int[] starts = new int[rows.size()];
      int wrongIds = 0;
      int wrongLabels = 0;
      for (int row = 0; row < starts.length; row++) {
        int from = row * length;
        int[] tokens =
            IntStream.range(from, from + length).filter(i -> storedMask[i] == 1).toArray();
        TrainingSample sample = encoder.encode(chat(rows.path(row))).samples().get(0);
        // A call of the processor adds another first token to that of the template.
        int added = tokens.length - sample.length();
        if (added < 0 || added > 1) {
          throw new GoldenException(
              "%srow %s: expected %s tokens, found %s"
                  .formatted(prefix, row, tokens.length, sample.length()));
        }
        starts[row] = tokens[0] - from;
        for (int i = 0; i < tokens.length; i++) {
          ids[from + i] = storedIds[tokens[i]];
          labels[from + i] = storedLabels[tokens[i]];
          mask[from + i] = 1;
          int id = i < added ? (int) ids[from + i] : sample.ids()[i - added];
          int label = i < added ? Batch.IGNORED : sample.labels()[i - added];
          wrongLabels += label == labels[from + i] ? 0 : 1;
          if (id >= PictureTokens.FIRST) {
            ids[from + i] = id;
          }
          wrongIds += id == ids[from + i] ? 0 : 1;
        }
      }
      golden.compared(prefix + "input_ids", new Deviation(wrongIds, 0));
      golden.compared(prefix + "labels", new Deviation(wrongLabels, 0));
      return new MicroBatch(new Batch(ids, mask, labels, starts.length, length), starts);
    }

    private Example chat(JsonNode row) {
      if (!row.has("messages")) {
        throw new UnsupportedQuantityException("training rows without messages");
      }
      List<ChatMessage> messages = new ArrayList<>();
      for (JsonNode message : row.path("messages")) {
        List<Object> parts = new ArrayList<>();
        for (JsonNode part : message.path("content")) {
          String file = golden.path().resolve("images").resolve(part.path("file").asText()) + "";
          parts.add(
              part.has("file")
                  ? Map.of("type", "image", "image", file)
                  : Map.of("type", "text", "text", part.path("text").asText()));
        }
        boolean plain = message.path("content").isTextual();
        messages.add(
            ChatMessage.of(
                Map.of(
                    "role",
                    message.path("role").asText(),
                    "content",
                    plain ? message.path("content").asText() : parts)));
      }
      return new Example.Chat(messages);
    }
  }

  @Override
  public Decoder network() {
    return decoder;
  }

  @Override
  public double weight(MicroBatch batch) {
    return task.weight(batch.batch());
  }

  @Override
  public double forwardBackward(MicroBatch batch, double scale, boolean recompute, long seed) {
    return task.forwardBackward(batch.batch(), scale, recompute, seed);
  }

  @Override
  public float[] logits(MicroBatch micro) {
    Batch batch = micro.batch();
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = BatchTensors.positions(decoder, batch)) {
      Tensor hidden = decoder.hidden(Ops.inference(), BatchTensors.ids(batch), positions, false);
      float[] all = decoder.logits(hidden).toFloats();
      float[] shifted = new float[all.length];
      int row = all.length / batch.rows();
      for (int i = 0; i < batch.rows(); i++) {
        int start = micro.starts()[i] * (row / batch.length());
        System.arraycopy(all, i * row, shifted, i * row + start, row - start);
      }
      return shifted;
    }
  }

  @Override
  public float[] logits(Path model, MicroBatch batch) {
    try (Decoder other = load(model, pictures)) {
      return new PictureLoraCheck(pictures, other).logits(batch);
    }
  }

  @Override
  public List<long[]> masks(MicroBatch micro) {
    Batch batch = micro.batch();
    List<long[]> masks = new ArrayList<>();
    for (int row = 0; row < batch.rows(); row++) {
      long[] mask = new long[batch.length()];
      int start = micro.starts()[row];
      System.arraycopy(batch.attentionMask(), row * mask.length, mask, start, mask.length - start);
      masks.add(mask);
    }
    return masks;
  }
}
