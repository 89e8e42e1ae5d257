package io.adapt4j.verification.study;

import io.adapt4j.rag.Rag;
import io.adapt4j.rag.retrieve.Passage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds passages for prompts, cached, as all choices of a question share a prompt. */
final class PassageFinder {

  private static final Pattern ASKED =
      Pattern.compile("(?:Question: )?(.*?)(?:\\nAnswer:)?", Pattern.DOTALL);

  private final Rag rag;
  private final Map<String, List<Passage>> found = new HashMap<>();

  PassageFinder(Rag rag) {
    this.rag = rag;
  }

  /**
   * Returns the passages, best first; the question's template text is removed before the search.
   */
  List<Passage> find(String prompt) {
    return found.computeIfAbsent(prompt, text -> rag.search(question(text)).passages());
  }

  private static String question(String prompt) {
    Matcher asked = ASKED.matcher(prompt);
    return asked.matches() ? asked.group(1).strip() : prompt;
  }
}
