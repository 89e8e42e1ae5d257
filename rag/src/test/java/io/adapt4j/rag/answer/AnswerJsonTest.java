package io.adapt4j.rag.answer;

import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.rag.MemoryIndex;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.WordEmbeddings;
import io.adapt4j.rag.document.Document;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Answers as a web framework sends them: by a mapper that nobody has set up. */
class AnswerJsonTest {

  private static final Document RETURNS =
      new Document(
          "returns.md",
          "Returns",
          "Goods may be sent back within 30 days. The buyer keeps the receipt.",
          Map.of("year", 2024L, "public", true, "weight", 1.5, "team", "support"));

  private static JsonNode json(Object value) throws JsonProcessingException {
    ObjectMapper plain = new ObjectMapper();
    return plain.readTree(plain.writeValueAsString(value));
  }

  private static List<String> names(JsonNode node) {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void anAnswerOfAGeneratorIsWrittenWhole() throws IOException {
    String text = "\"within 30 days\" [1], \"never seen before anywhere\" [7]";
    try (Rag rag =
        Rag.builder()
            .index(new MemoryIndex())
            .embeddings(new WordEmbeddings())
            .generator(
                (messages, options) ->
                    new GeneratedText(
                        text, FinishReason.STOP, Optional.of(new TokenUsage(70, 9)), false))
            .build()) {
      rag.add(List.of(RETURNS));
      JsonNode answer = json(rag.ask("When may goods be sent back?"));
      assertThat(names(answer))
          .containsExactlyInAnyOrder(
              words("text answerable citations unknownCitations quotes passages trace checked"));
      assertThat(answer.get("text").asText()).isEqualTo(text);
      assertThat(answer.get("answerable").asBoolean()).isTrue();
      assertThat(answer.get("checked").asBoolean()).isFalse();
      assertThat(answer.get("unknownCitations").get(0).asInt()).isEqualTo(7);
      JsonNode citation = answer.get("citations").get(0);
      assertThat(citation.get("documentId").asText()).isEqualTo("returns.md");
      assertThat(citation.get("span").get("end").asInt()).isPositive();
      assertThat(citation.get("verified").asBoolean()).isTrue();
      assertThat(answer.at("/quotes/0/place/number").asInt()).isEqualTo(1);
      assertThat(answer.at("/quotes/1/place").isNull()).isTrue();
      assertThat(answer.at("/passages/0/metadata/year").asLong()).isEqualTo(2024);
      assertThat(answer.at("/passages/0/metadata/public").asBoolean()).isTrue();
      assertThat(answer.at("/trace/usage/promptTokens").asInt()).isEqualTo(70);
      assertThat(answer.at("/trace/prompt/0/role").asText()).isEqualTo("system");
      assertThat(answer.at("/trace/stages/0/name").asText()).isEqualTo("search");
      assertThat(answer.at("/trace/stages/0/milliseconds").asDouble()).isPositive();
      assertThat(names(answer.at("/trace/stages/0"))).doesNotContain("duration");
    }
  }

  @Test
  void anExtractedAnswerARefusalAndARetrievalAreWritten() throws IOException {
    try (Rag rag =
        Rag.builder().index(new MemoryIndex()).embeddings(new WordEmbeddings()).build()) {
      JsonNode refusal = json(rag.ask("Anything?"));
      assertThat(refusal.get("answerable").asBoolean()).isFalse();
      assertThat(refusal.get("text").asText()).isEqualTo(AnswerOptions.DEFAULT_NOT_FOUND);
      assertThat(refusal.get("citations")).isEmpty();
      rag.add(List.of(RETURNS));
      assertThat(json(rag.ask("When may goods be sent back?")).at("/trace/usage").isNull())
          .isTrue();
      JsonNode retrieval = json(rag.search("When may goods be sent back?"));
      assertThat(retrieval.at("/passages/0/chunk/documentId").asText()).isEqualTo("returns.md");
    }
  }

  @Test
  void aMessageIsItsFields() throws JsonProcessingException {
    assertThat(json(ChatMessage.user("Hello")).toString())
        .isEqualTo("{\"role\":\"user\",\"content\":\"Hello\"}");
  }
}
