package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Report;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Checks a GGUF file as a base with quantized blocks: its logits and greedy ids against those of
 * the dequantized weights, its tokens against those of the source model.
 */
final class GgufBaseCheck {

  private static final double LOGITS = 1e-3;

  /** Texts with words, spaces, digits, other scripts and characters without a token. */
  private static final List<String> TEXTS =
      List.of(
          "Once upon a time, there was a little girl named Lily.",
          "  two  spaces\n\n and\ttabs 1234567890",
          "\u00e9t\u00e9 \u6f22\u5b57 \ud83d\ude42 I'll you've <s> </s> <|im_start|>user",
          "");

  private final GoldenSource source;
  private final JsonNode expected;
  private final Report.Section section;

  GgufBaseCheck(GoldenSource source, Report.Section section) {
    this.source = source;
    this.expected = source.json();
    this.section = section;
  }

  void run(String type, Path file, Path model, JsonNode wanted) {
    Path folder = ModelSource.path(file).folder();
    section.attempt(type + " base logits", () -> logits(type, folder));
    section.attempt(type + " base ids", () -> ids(type, file, wanted));
    // An explicit name denotes a tokenizer other than the one in the folder.
    boolean given = expected.path("tokenizer_pre_given").isTextual();
    if (!given && Files.exists(model.resolve("tokenizer.json"))) {
      section.attempt(type + " base tokens", () -> tokens(type, folder, model));
    }
  }

  private void logits(String type, Path folder) {
    List<int[]> prompts = GgufCheck.ints(expected.path("prompts"));
    float[] reference = reference(type);
    int width = reference.length / prompts.size();
    double worst = 0;
    try (Network network = Networks.load(folder, DType.F32)) {
      for (int prompt = 0; prompt < prompts.size(); prompt++) {
        float[] found = Networks.logits(network, prompts.get(prompt));
        for (int i = 0; i < width; i++) {
          double difference = found[found.length - width + i] - reference[prompt * width + i];
          worst = Math.max(worst, Math.abs(difference));
        }
      }
    }
    section.compared(type + " base logits", new Deviation(worst, LOGITS));
  }

  private float[] reference(String type) {
    String name = "last_logits.dequantised." + type;
    try (Checkpoint logits = Checkpoint.openFile(source.path().resolve("logits.safetensors"))) {
      String found = logits.names().contains(name) ? name : "last_logits.transformers_f32";
      ByteBuffer bytes = logits.bytes(found).order(ByteOrder.LITTLE_ENDIAN);
      float[] values = new float[bytes.remaining() / 4];
      bytes.asFloatBuffer().get(values);
      return values;
    }
  }

  private void ids(String type, Path file, JsonNode wanted) {
    JsonNode reference =
        wanted.has("dequantised_f32")
            ? wanted.path("dequantised_f32")
            : expected.path("transformers_f32");
    GgufCheck.compareIds(type + " base ids", reference, section, expected, file, true);
  }

  private void tokens(String type, Path folder, Path model) {
    try (Tokenizer ours = Tokenizer.load(folder);
        Tokenizer theirs = Tokenizer.load(model)) {
      for (int i = 0; i < TEXTS.size(); i++) {
        int[] wanted = theirs.encode(TEXTS.get(i), true);
        section.equal(
            type + " base tokens " + i,
            Arrays.toString(wanted),
            Arrays.toString(ours.encode(TEXTS.get(i), true)));
        section.equal(
            type + " base text " + i, theirs.decode(wanted, true), ours.decode(wanted, true));
      }
    }
  }
}
