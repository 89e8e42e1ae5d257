package io.adapt4j.core.internal.task.distillation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A byte-level tokenizer of all bytes and a few merges, without a token at the beginning. */
public final class ByteLevelTokenizer {

  /** The end-of-sequence token. */
  static final String END = "<|end|>";

  private static final List<String> MERGES =
      List.of(
          "O n", "On c", "Onc e", "Ġ a", "Ġ t", "Ġt i", "m e", "Ġti me", "Ġ L", "i l", "l y", "Ġ s",
          "a w", "Ġs aw", "p l", "Ġ b", "e r", "h e");

  private ByteLevelTokenizer() {}

  /** Writes its files into a model folder, in the place of those of the model. */
  public static Path write(Path folder) throws IOException {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    int others = 256;
    for (int i = 0; i < 256; i++) {
      boolean shown = (i > ' ' && i <= '~') || (i >= 0xA1 && i <= 0xFF && i != 0xAD);
      vocabulary.put(String.valueOf((char) (shown ? i : others++)), vocabulary.size());
    }
    MERGES.forEach(merge -> vocabulary.put(merge.replace(" ", ""), vocabulary.size()));
    ObjectNode root = JsonNodeFactory.instance.objectNode().put("version", "1.0");
    root.putArray("added_tokens")
        .addObject()
        .put("id", vocabulary.size())
        .put("content", END)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
    root.putNull("normalizer");
    byteLevel(root.putObject("pre_tokenizer"));
    root.putNull("post_processor");
    byteLevel(root.putObject("decoder"));
    ObjectNode model = root.putObject("model").put("type", "BPE");
    ObjectNode vocab = model.putObject("vocab");
    vocabulary.forEach(vocab::put);
    ArrayNode merges = model.putArray("merges");
    MERGES.forEach(merges::add);
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("tokenizer.json"), Json.indented(root));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"eos_token\": \""
            + END
            + "\", \"add_bos_token\": false,"
            + " \"clean_up_tokenization_spaces\": false}");
    Files.deleteIfExists(folder.resolve("special_tokens_map.json"));
    return folder;
  }

  private static void byteLevel(ObjectNode step) {
    step.put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
  }
}
