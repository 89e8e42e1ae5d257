package io.adapt4j.vision;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** Conversations about pictures of a folder, and what Transformers answers. */
record PictureCase(Path folder, JsonNode json) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, Object>> FIELDS = new TypeReference<>() {};
  static final GenerationOptions SIXTEEN =
      GenerationOptions.greedy().toBuilder().maxNewTokens(16).ignoreEos(true).build();

  static List<PictureCase> all(Path folder, String file) throws IOException {
    List<PictureCase> cases = new ArrayList<>();
    Json.parse(Files.readString(folder.resolve(file)))
        .get("cases")
        .forEach(json -> cases.add(new PictureCase(folder, json)));
    return cases;
  }

  String name() {
    return json.get("name").asText();
  }

  /** Asks for the rows at the same time, and again. */
  void check(VisionLanguageModel model, List<List<Integer>> expected) {
    Map<String, Object> options = new TreeMap<>(JSON.convertValue(json.get("options"), FIELDS));
    // As a call of the processor does, which the stored tokens are of.
    options.put("add_special_tokens", true);
    model.usePictureOptions(options);
    for (int turn = 0; turn < 2; turn++) {
      List<CompletableFuture<Generation>> answers = new ArrayList<>();
      for (JsonNode row : json.get("rows")) {
        answers.add(CompletableFuture.supplyAsync(() -> answer(model, row)));
      }
      assertThat(answers.stream().map(answer -> answer.join().tokenIds()))
          .as(name())
          .isEqualTo(expected);
    }
  }

  private Generation answer(VisionLanguageModel model, JsonNode row) {
    CancellationToken never = new CancellationToken();
    return json.get("chat_template").asBoolean()
        ? model.chat(
            messages(row), pictures(row), ChatOptions.defaults(), SIXTEEN, text -> {}, never)
        : model.generate(row.get("rendered").asText(), pictures(row), SIXTEEN, text -> {}, never);
  }

  /** The messages of the only row. */
  List<ChatMessage> messages() {
    return messages(json.get("rows").get(0));
  }

  static List<ChatMessage> messages(JsonNode row) {
    List<ChatMessage> messages = new ArrayList<>();
    row.get("messages")
        .forEach(message -> messages.add(ChatMessage.of(JSON.convertValue(message, FIELDS))));
    return messages;
  }

  List<Picture> pictures(JsonNode row) {
    return row.findValuesAsText("file").stream()
        .map(file -> Picture.read(folder.resolve("images").resolve(file)))
        .toList();
  }

  /** The answers that the case itself states. */
  List<List<Integer>> generated() {
    return JSON.convertValue(json.get("generated"), new TypeReference<>() {});
  }
}
