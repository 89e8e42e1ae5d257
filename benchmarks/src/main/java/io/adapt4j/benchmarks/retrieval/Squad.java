package io.adapt4j.benchmarks.retrieval;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Passages and questions of a file in SQuAD's format. */
record Squad(List<Document> passages, List<Question> questions) {

  /** A question with its passage and the position of its answer there. */
  record Question(String text, String passage, Span answer) {}

  static Squad read(Path file) throws IOException {
    List<Document> passages = new ArrayList<>();
    List<Question> questions = new ArrayList<>();
    for (JsonNode article : new ObjectMapper().readTree(Files.readString(file)).get("data")) {
      String title = article.get("title").asText();
      for (JsonNode paragraph : article.get("paragraphs")) {
        String id = title + "-" + passages.size();
        passages.add(new Document(id, title, paragraph.get("context").asText(), Map.of()));
        for (JsonNode question : paragraph.get("qas")) {
          JsonNode answer = question.get("answers").get(0);
          int start = answer.get("answer_start").asInt();
          Span span = new Span(start, start + answer.get("text").asText().length());
          questions.add(new Question(question.get("question").asText(), id, span));
        }
      }
    }
    return new Squad(passages, questions);
  }
}
