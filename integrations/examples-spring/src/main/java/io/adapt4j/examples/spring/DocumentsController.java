package io.adapt4j.examples.spring;

import io.adapt4j.rag.Rag;
import io.adapt4j.rag.answer.Answer;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Finds passages that answer a question, with their documents and positions. */
@RestController
class DocumentsController {

  private final Rag rag;

  DocumentsController(Rag rag) {
    this.rag = rag;
  }

  @GetMapping("/ask")
  List<Source> ask(@RequestParam String question) {
    Answer answer = rag.ask(question);
    return answer.citations().stream()
        .map(
            citation ->
                new Source(
                    citation.documentId(),
                    citation.span().start(),
                    citation.span().end(),
                    citation.text()))
        .toList();
  }

  /** A passage. */
  record Source(String document, int start, int end, String text) {}
}
