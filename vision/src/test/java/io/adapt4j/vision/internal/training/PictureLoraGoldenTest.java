package io.adapt4j.vision.internal.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.Golden;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.LearningRate;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.internal.train.Warmup;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters and training on pictures against PEFT and the Trainer of Transformers. */
class PictureLoraGoldenTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final double LOGITS = 1e-4;
  private static final double LOSS = 2e-4;
  private static final double TRAINED_LOGITS = 2e-3;
  private static final double WEIGHTS = 1e-3;

  /** A golden folder with its loaded base model, and batches made from its messages. */
  private record Course(
      Path folder,
      JsonNode options,
      JsonNode expected,
      SafetensorsFile tensors,
      Decoder decoder,
      List<Batch> batches)
      implements AutoCloseable {

    static Course open(String name) throws IOException {
      Path folder = Golden.folder("multimodal/lora/" + name);
      JsonNode options = Json.parse(Files.readString(folder.resolve("train.json")));
      Path base = Golden.folder("multimodal/" + options.get("base").asText());
      StoredModel stored = StoredModel.read(base, WeightFormat.asStored());
      TrainingPictures pictures =
          new TrainingPictures(
              stored.config(),
              PictureProcessors.open(base),
              JSON.convertValue(options.get("image_options"), new TypeReference<>() {}));
      List<Batch> batches = new ArrayList<>();
      try (Tokenizer tokenizer = Tokenizer.load(base);
          SafetensorsFile given = SafetensorsFile.open(folder.resolve("batches.safetensors"))) {
        ChatTemplate template = ChatTemplate.find(base).orElseThrow();
        ExampleEncoder encoder =
            ExampleEncoder.builder(tokenizer, 4096)
                .chatTemplate(template)
                .pictures(pictures.tokens(tokenizer, template))
                .build();
        for (JsonNode batch : options.get("batches")) {
          batches.add(batch(folder, encoder, given, batches.size() + ".", batch.get("rows")));
        }
      }
      Decoder decoder =
          (Decoder)
              TaskModel.generating(stored, base)
                  .reading(Optional.of(pictures))
                  .load(Precision.FP32, 0);
      return new Course(
          folder,
          options,
          Json.parse(Files.readString(folder.resolve("expected.json"))),
          SafetensorsFile.open(folder.resolve("expected.safetensors")),
          decoder,
          batches);
    }

    /** Encodes rows and checks that their tokens and labels are the stored ones. */
    private static Batch batch(
        Path folder, ExampleEncoder encoder, SafetensorsFile given, String prefix, JsonNode rows) {
      long[] ids = longs(given, prefix + "input_ids");
      long[] mask = longs(given, prefix + "attention_mask");
      long[] labels = longs(given, prefix + "labels");
      int length = ids.length / rows.size();
      for (int row = 0; row < rows.size(); row++) {
        TrainingSample sample = encoder.encode(chat(folder, rows.get(row))).samples().get(0);
        int start = row * length;
        int tokens = (int) Arrays.stream(mask, start, start + length).sum();
        assertThat(sample.length()).as(prefix + row).isEqualTo(tokens);
        for (int i = 0; i < tokens; i++) {
          if (sample.ids()[i] >= PictureTokens.FIRST) {
            ids[start + i] = sample.ids()[i];
          }
          assertThat(sample.ids()[i]).as(prefix + row + " id " + i).isEqualTo((int) ids[start + i]);
          assertThat(sample.labels()[i]).isEqualTo((int) labels[start + i]);
        }
      }
      return new Batch(ids, mask, labels, rows.size(), length);
    }

    private static Example chat(Path folder, JsonNode row) {
      List<ChatMessage> messages = new ArrayList<>();
      for (JsonNode message : row.get("messages")) {
        List<Object> parts = new ArrayList<>();
        for (JsonNode part : message.get("content")) {
          String file = folder.resolve("images").resolve(part.path("file").asText()).toString();
          parts.add(
              part.has("file")
                  ? Map.of("type", "image", "image", file)
                  : Map.of("type", "text", "text", part.get("text").asText()));
        }
        messages.add(
            ChatMessage.of(Map.of("role", message.get("role").asText(), "content", parts)));
      }
      return new Example.Chat(messages);
    }

    Batch evaluated() {
      return batches.get(options.get("eval_batch").asInt());
    }

    void assertLogits(String tensor, double tolerance) {
      Batch batch = evaluated();
      try (Scope scope = Scope.open();
          Positions positions = BatchTensors.positions(decoder, batch)) {
        Ops ops = Ops.inference();
        Tensor hidden = decoder.hidden(ops, BatchTensors.ids(batch), positions, false);
        float[] all = decoder.logits(hidden).toFloats();
        float[] wanted = floats(tensors, tensor);
        int width = all.length / batch.rows();
        int last = wanted.length / batch.rows();
        int vocabulary = width / batch.length();
        for (int i = 0; i < wanted.length; i++) {
          int place = width - last + i % last;
          if (batch.attentionMask()[i / last * batch.length() + place / vocabulary] != 0) {
            assertThat(all[i / last * width + place])
                .as(tensor + " " + i)
                .isCloseTo(wanted[i], within((float) tolerance));
          }
        }
      }
    }

    Adaptation attach(String start) {
      return Methods.of(Lora.continuing(folder.resolve(start))).attach(decoder, folder, 0);
    }

    @Override
    public void close() {
      decoder.close();
      tensors.close();
    }
  }

  /** Every course on pictures that is there. */
  static List<String> courses() throws IOException {
    try (Stream<Path> folders = Files.list(Golden.folder("multimodal/lora"))) {
      return folders
          .filter(PictureLoraGoldenTest::hasPictures)
          .map(folder -> folder.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  private static boolean hasPictures(Path folder) {
    try {
      JsonNode options = Json.parse(Files.readString(folder.resolve("train.json")));
      return options.path("task").asText().equals("image_text");
    } catch (IOException e) {
      return false;
    }
  }

  private static long[] longs(SafetensorsFile file, String name) {
    long[] values = new long[Math.toIntExact(file.entry(name).elements())];
    file.bytes(name).asLongBuffer().get(values);
    return values;
  }

  private static float[] floats(SafetensorsFile file, String name) {
    float[] values = new float[Math.toIntExact(file.entry(name).elements())];
    file.bytes(name).asFloatBuffer().get(values);
    return values;
  }

  @ParameterizedTest
  @MethodSource("courses")
  void adaptersChangeTheLogitsAsInPeft(String name) throws IOException {
    try (Course course = Course.open(name)) {
      course.assertLogits("logits_base", LOGITS);
      for (String adapter : List.of("initial", "random", "final")) {
        try (AttachedAdapter attached =
            AdapterMechanics.of(LoraAdapter.at(course.folder().resolve(adapter)))
                .attach(course.decoder())) {
          course.assertLogits("logits_" + adapter, LOGITS);
          attached.enabled(false);
          course.assertLogits("logits_base", LOGITS);
          attached.enabled(true);
          attached.merge();
          course.assertLogits("logits_" + adapter, LOGITS);
          attached.unmerge();
        }
      }
      course.assertLogits("logits_base", LOGITS);
    }
  }

  @ParameterizedTest
  @MethodSource("courses")
  void gradientsReachAdaptersAndProjector(String name) throws IOException {
    for (boolean recompute : new boolean[] {false, true}) {
      try (Course course = Course.open(name);
          Adaptation adaptation = course.attach("random")) {
        Batch batch = course.evaluated();
        double count = batch.targetTokens();
        double loss =
            LanguageModelLoss.forwardBackward(course.decoder(), batch, 1 / count, recompute, 0)
                / count;
        adaptation.collectGradients();
        assertThat((float) loss)
            .isCloseTo(floats(course.tensors(), "loss_random")[0], within((float) LOSS));
        Map<String, float[]> found = new HashMap<>();
        adaptation.trained().forEach(each -> found.put(each.name(), each.gradient().toFloats()));
        int compared = 0;
        for (String tensor : course.tensors().entries().keySet()) {
          if (tensor.startsWith("grad_random.")) {
            String own =
                tensor
                    .substring("grad_random.".length())
                    .replace(".modules_to_save.default.", ".")
                    .replace(".default.", ".");
            float[] wanted = floats(course.tensors(), tensor);
            assertThat(found).containsKey(own);
            for (int i = 0; i < wanted.length; i++) {
              assertThat(found.get(own)[i])
                  .as(tensor + " " + i)
                  .isCloseTo(wanted[i], within((float) (LOGITS + 1e-3 * Math.abs(wanted[i]))));
            }
            compared++;
          }
        }
        assertThat(compared).isEqualTo(found.size());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("courses")
  void aCourseOfTrainingIsThatOfTheTrainer(String name) throws IOException {
    long before = Tensor.live();
    try (Course course = Course.open(name);
        Adaptation adaptation = course.attach("initial")) {
      JsonNode options = course.options();
      JsonNode steps = course.expected().get("steps");
      TrainingStep.Settings settings =
          new TrainingStep.Settings(
              new Optimizer.AdamW(
                  options.get("adam_beta1").asDouble(),
                  options.get("adam_beta2").asDouble(),
                  options.get("adam_epsilon").asDouble()),
              options.get("weight_decay").asDouble(),
              options.get("max_grad_norm").asDouble(),
              true);
      LearningRate rates =
          new LearningRate(
              schedule(options.get("lr_scheduler_type").asText()),
              options.get("learning_rate").asDouble(),
              Warmup.ofSteps(options.get("warmup_steps").asInt()),
              steps.size());
      NextTokens task = new NextTokens(course.decoder());
      try (TrainingStep<Batch> training = new TrainingStep<>(task, adaptation, settings)) {
        for (int step = 0; step < steps.size(); step++) {
          List<Batch> own = new ArrayList<>();
          steps
              .get(step)
              .get("micro_batches")
              .forEach(at -> own.add(course.batches().get(at.asInt())));
          TrainingStep.Outcome found =
              training.run(
                  own, own.stream().mapToDouble(task::weight).sum(), rates.rate(step), step);
          JsonNode wanted = steps.get(step);
          assertThat(found.loss()).isCloseTo(wanted.get("loss").asDouble(), within(LOSS));
          double norm = wanted.get("grad_norm").asDouble();
          assertThat(found.gradientNorm()).isCloseTo(norm, within(1e-3 * norm + 1e-3));
        }
      }
      course.assertLogits("logits_final", TRAINED_LOGITS);
      assertFinal(course, adaptation);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static LearningRateSchedule schedule(String name) {
    return switch (name) {
      case "linear" -> LearningRateSchedule.LINEAR;
      case "cosine" -> LearningRateSchedule.COSINE;
      default -> LearningRateSchedule.CONSTANT;
    };
  }

  private static void assertFinal(Course course, Adaptation adaptation) {
    try (Checkpoint stored =
            Checkpoint.openFile(course.folder().resolve("final/adapter_model.safetensors"));
        SafetensorsFile file =
            SafetensorsFile.open(course.folder().resolve("final/adapter_model.safetensors"))) {
      assertThat(stored.names()).hasSameSizeAs(adaptation.trained());
      adaptation
          .trained()
          .forEach(
              each -> {
                float[] wanted = floats(file, each.name());
                float[] found = each.value().toFloats();
                for (int i = 0; i < wanted.length; i++) {
                  assertThat(found[i])
                      .as(each.name())
                      .isCloseTo(wanted[i], within((float) WEIGHTS));
                }
              });
    }
  }
}
