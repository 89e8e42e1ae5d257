package io.adapt4j.vision.internal.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.Golden;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.chat.EncodedChat;
import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.jinja.Span;
import io.adapt4j.vision.internal.GoldenTensors;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training batches with pictures have the logits of Transformers in every family. */
class PictureBatchesGoldenTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @ParameterizedTest
  @ValueSource(
      strings = {"idefics3", "smolvlm", "lfm2_vl", "qwen2_5_vl", "qwen3_vl", "gemma3", "paligemma"})
  void logitsOfPaddedBatchesAreThoseOfTransformers(String name) throws Exception {
    Path folder = Golden.folder("multimodal/models/" + name);
    StoredModel stored = StoredModel.read(folder, WeightFormat.asStored());
    int compared = 0;
    try (Tokenizer tokenizer = Tokenizer.load(folder);
        GoldenTensors expected = GoldenTensors.in(folder)) {
      for (JsonNode found :
          Json.parse(Files.readString(folder.resolve("cases.json"))).get("cases")) {
        String at = found.get("name").asText() + ".";
        boolean whole = expected.has(at + "logits");
        if ((!whole && !expected.has(at + "logits_last"))
            || found.path("load").asText().equals("raw")) {
          continue;
        }
        Map<String, Object> options =
            JSON.convertValue(found.get("options"), new TypeReference<>() {});
        options.remove("suffix"); // an answer of each row, not of all
        TrainingPictures pictures =
            new TrainingPictures(stored.config(), PictureProcessors.open(folder), options);
        ChatTemplate template = ChatTemplate.find(folder).or(pictures::template).orElseThrow();
        List<int[]> rows = rows(folder, found, pictures, tokenizer, template, expected);
        try (Decoder decoder =
                (Decoder)
                    TaskModel.generating(stored, folder)
                        .reading(Optional.of(pictures))
                        .load(Precision.FP32, 0);
            Scope scope = Scope.open(decoder.engine())) {
          Batch batch = Batch.padded(rows, 0);
          try (Positions positions = BatchTensors.positions(decoder, batch)) {
            Tensor hidden =
                decoder.hidden(Ops.inference(), BatchTensors.ids(batch), positions, false);
            compare(
                decoder.logits(hidden).toFloats(),
                expected.floats(at + (whole ? "logits" : "logits_last")),
                rows,
                batch.length(),
                at);
          }
        }
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(3);
  }

  /** A prompt is seen whole, an answer from left to right, as Transformers generates it. */
  @Test
  void anAnswerToBeTrainedIsPredictedAsItIsGenerated() throws Exception {
    Path folder = Golden.folder("multimodal/models/paligemma");
    StoredModel stored = StoredModel.read(folder, WeightFormat.asStored());
    TrainingPictures pictures =
        new TrainingPictures(stored.config(), PictureProcessors.open(folder), Map.of());
    ChatTemplate template = pictures.template().orElseThrow();
    try (Tokenizer tokenizer = Tokenizer.load(folder);
        GoldenTensors expected = GoldenTensors.in(folder);
        Decoder decoder =
            (Decoder)
                TaskModel.generating(stored, folder)
                    .reading(Optional.of(pictures))
                    .load(Precision.FP32, 0);
        Scope scope = Scope.open(decoder.engine())) {
      JsonNode one = Json.parse(Files.readString(folder.resolve("cases.json"))).at("/cases/0");
      int[] prompt = rows(folder, one, pictures, tokenizer, template, expected).get(0);
      long[] generated = expected.longs("one.generated");
      long[] ids = new long[prompt.length + generated.length];
      long[] labels = new long[ids.length];
      long[] mask = new long[ids.length];
      Arrays.fill(mask, 1);
      Arrays.fill(labels, Batch.IGNORED);
      Arrays.setAll(ids, i -> i < prompt.length ? prompt[i] : generated[i - prompt.length]);
      System.arraycopy(generated, 0, labels, prompt.length, generated.length);
      Batch batch = new Batch(ids, mask, labels, 1, ids.length);
      try (Positions positions = BatchTensors.positions(decoder, batch)) {
        Tensor hidden = decoder.hidden(Ops.inference(), BatchTensors.ids(batch), positions, false);
        float[] logits = decoder.logits(hidden).toFloats();
        int vocabulary = logits.length / ids.length;
        for (int i = 0; i < generated.length; i++) {
          int from = (prompt.length + i - 1) * vocabulary;
          int best = 0;
          for (int id = 1; id < vocabulary; id++) {
            best = logits[from + id] > logits[from + best] ? id : best;
          }
          assertThat(best).as("token " + i).isEqualTo((int) generated[i]);
        }
      }
    }
  }

  /** Compares the last positions of each row, which the reference pads on the left. */
  private static void compare(
      float[] found, float[] wanted, List<int[]> rows, int length, String name) {
    int vocabulary = found.length / length / rows.size();
    int kept = wanted.length / vocabulary / rows.size();
    for (int row = 0; row < rows.size(); row++) {
      int tokens = rows.get(row).length;
      for (int back = 1; back <= Math.min(kept, tokens); back++) {
        int own = (row * length + tokens - back) * vocabulary;
        int other = (row * kept + kept - back) * vocabulary;
        for (int i = 0; i < vocabulary; i++) {
          assertThat(found[own + i])
              .as(name + row + " " + -back)
              .isCloseTo(wanted[other + i], within(1e-4f));
        }
      }
    }
  }

  private static List<int[]> rows(
      Path folder,
      JsonNode found,
      TrainingPictures pictures,
      Tokenizer tokenizer,
      ChatTemplate template,
      GoldenTensors expected) {
    String at = found.get("name").asText() + ".";
    long[] stored = expected.longs(at + "input_ids");
    long[] mask = expected.longs(at + "attention_mask");
    List<int[]> rows = new ArrayList<>();
    int length = stored.length / found.get("rows").size();
    for (JsonNode row : found.get("rows")) {
      // The reference has answers, but sees them as parts of the prompts: its tokenizer numbers
      // both texts of a pair 0.
      String prompt = row.get("rendered").asText();
      JsonNode suffixes = found.at("/options/suffix");
      String answer = suffixes.isArray() ? suffixes.get(rows.size()).asText() + "<eos>" : "";
      List<Span> answers =
          answer.isEmpty()
              ? List.of()
              : List.of(new Span(prompt.length(), prompt.length() + answer.length()));
      EncodedChat encoded =
          pictures
              .tokens(tokenizer, template)
              .encode(messages(folder, row), prompt + answer, answers);
      int[] ids = encoded.ids();
      int learned = tokenizer.encode(answer, false).length;
      for (int i = 0; i < ids.length; i++) {
        assertThat(encoded.assistantMask()[i]).as(at + i).isEqualTo(i >= ids.length - learned);
      }
      int start = rows.size() * length;
      int padded = (int) Arrays.stream(mask, start, start + length).filter(x -> x == 0).count();
      // A call of the processor adds another first token to that of the template.
      int added = length - padded - ids.length;
      assertThat(added).isBetween(0, 1);
      int[] all = new int[ids.length + added];
      System.arraycopy(ids, 0, all, added, ids.length);
      for (int i = 0; i < all.length; i++) {
        long wanted = stored[start + padded + i];
        if (i < added) {
          all[i] = (int) wanted;
        } else if (all[i] < 1 << 24) {
          assertThat(all[i]).as(at + i).isEqualTo((int) wanted);
        }
      }
      rows.add(all);
    }
    return rows;
  }

  private static List<ChatMessage> messages(Path folder, JsonNode row) {
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode message : row.get("messages")) {
      List<Object> parts = new ArrayList<>();
      for (JsonNode part : message.get("content")) {
        if (part.has("file")) {
          String file = folder.resolve("images").resolve(part.get("file").asText()).toString();
          parts.add(Map.of("type", "image", "image", file));
        }
      }
      messages.add(ChatMessage.of(Map.of("role", message.get("role").asText(), "content", parts)));
    }
    return messages;
  }
}
