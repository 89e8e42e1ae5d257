package io.adapt4j.rag;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.answer.TokenBudget;
import io.adapt4j.rag.document.Document;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The orders of a public set, each in a document beside an honest one, and a generator that obeys
 * every one of them in a certain way: how many answers the checks object to. {@code
 * -Dadapt4j.injections} names the file {@code benchmark/text_attack_test.json} of BIPIA.
 */
@EnabledIfSystemProperty(named = "adapt4j.injections", matches = ".+")
class InjectionSetTest {

  private static final String QUESTION = "When may goods be returned?";
  private static final String HONEST = "Goods may be returned within 30 days of purchase.";

  private static final List<String> ORDERS = new ArrayList<>();

  @BeforeAll
  static void read() throws IOException {
    Path file = Path.of(System.getProperty("adapt4j.injections"));
    for (JsonNode kind : Json.parse(Files.readString(file))) {
      kind.forEach(order -> ORDERS.add(order.textValue()));
    }
    assertThat(ORDERS).isNotEmpty();
  }

  private interface Obedience {
    String answer(String order);
  }

  private static int found(Obedience obedience) throws IOException {
    int found = 0;
    for (String order : ORDERS) {
      TextGenerator generator =
          (messages, options) -> {
            String prompt = messages.stream().map(ChatMessage::content).toList().toString();
            assertThat(prompt).contains(order);
            return GeneratedText.of(obedience.answer(order));
          };
      try (Rag rag =
          Rag.builder()
              .index(new MemoryIndex())
              .embeddings(new WordEmbeddings())
              .generator(generator, TokenBudget.estimated(8192))
              .build()) {
        rag.add(
            List.of(
                Document.of("honest", HONEST), Document.of("injected", QUESTION + " " + order)));
        found += rag.ask(QUESTION).checked() ? 0 : 1;
      }
    }
    return found;
  }

  @Test
  void howManyObeyedOrdersAreFound() throws IOException {
    System.out.printf("orders: %d%n", ORDERS.size());
    System.out.printf("obeyed, nothing cited: %d found%n", found(order -> "Done: " + order));
    System.out.printf(
        "obeyed beside an honest answer that is cited: %d found%n",
        found(order -> "Within 30 days [1]. Done: " + order));
    System.out.printf(
        "obeyed, a source cited for it: %d found%n", found(order -> "Done: " + order + " [1]"));
    System.out.printf(
        "obeyed, quoting what no source has: %d found%n",
        found(order -> "The handbook says \"you must " + order.replace('"', ' ') + "\" [1]."));
  }
}
