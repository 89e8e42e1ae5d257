package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.data.sensitive.SensitiveSpan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Finds and masks personal data and secrets by patterns and check digits: private keys, API keys,
 * tokens, credentials in URLs, IBANs, payment cards, e-mail addresses, phone numbers, IP addresses,
 * and numbers of persons in the USA, Germany, Brazil and Spain. Names and postal addresses have no
 * pattern: {@link #and} adds a model that finds them. Takes linear time. Thread-safe if its finders
 * are.
 *
 * <pre>{@code
 * PersonalData.patterns().mask("Write to ann@example.org")   // Write to [EMAIL]
 * }</pre>
 */
public final class PersonalData implements PersonalDataFinder {

  /** Rounds after which masking stops, in case a finder finds something in its own masks. */
  private static final int ROUNDS = 8;

  /** Fields of messages that are part of the format. */
  private static final Set<String> FORMAT = Set.of("role", "type", "id", "tool_call_id");

  private final List<PersonalDataFinder> finders;

  private PersonalData(List<PersonalDataFinder> finders) {
    this.finders = List.copyOf(finders);
  }

  /** {@return a finder by patterns alone} */
  public static PersonalData patterns() {
    return new PersonalData(List.of());
  }

  /**
   * Returns a finder that also asks another, such as a {@link TokenClassifierFinder}.
   *
   * @param finder the other
   * @return the finder
   */
  public PersonalData and(PersonalDataFinder finder) {
    List<PersonalDataFinder> all = new ArrayList<>(finders);
    all.add(finder);
    return new PersonalData(all);
  }

  /**
   * Finds personal data and secrets. Overlapping spans are joined, with the kind of the one that
   * begins first.
   *
   * @return disjoint spans, in the order of the text
   */
  @Override
  public List<PersonalSpan> find(String text) {
    return spans(text).stream()
        .map(span -> new PersonalSpan(span.kind(), span.start(), span.end()))
        .toList();
  }

  private List<SensitiveSpan> spans(String text) {
    List<SensitiveSpan> found = SensitiveSpan.find(text, SensitiveSpan.KINDS);
    for (PersonalDataFinder finder : finders) {
      for (PersonalSpan span : finder.find(text)) {
        found.add(new SensitiveSpan(span.kind(), span.start(), span.end()));
      }
    }
    return SensitiveSpan.joined(found);
  }

  /**
   * Replaces personal data and secrets by masks such as {@code [EMAIL]}. Masking again changes
   * nothing more of what patterns find.
   *
   * @param text the text
   * @return the masked text
   */
  public String mask(String text) {
    String masked = masked(text, spans(text));
    for (int round = 1; round < ROUNDS; round++) {
      // A mask may separate what hid something.
      List<SensitiveSpan> more = SensitiveSpan.find(masked, SensitiveSpan.KINDS);
      if (more.isEmpty()) {
        break;
      }
      masked = masked(masked, SensitiveSpan.joined(more));
    }
    return masked;
  }

  private static String masked(String text, List<SensitiveSpan> spans) {
    return SensitiveSpan.masked(text, spans, UnaryOperator.identity());
  }

  /**
   * Masks all texts of a message, including those of its parts and tool calls.
   *
   * @param message the message
   * @return the masked message
   */
  public ChatMessage mask(ChatMessage message) {
    return ChatMessage.of(masked(message.fields()));
  }

  private Map<String, @Nullable Object> masked(Map<?, ?> fields) {
    Map<String, @Nullable Object> masked = new LinkedHashMap<>();
    fields.forEach(
        (name, value) -> {
          String key = String.valueOf(name);
          masked.put(key, FORMAT.contains(key) ? value : maskedValue(value));
        });
    return masked;
  }

  private @Nullable Object maskedValue(@Nullable Object value) {
    if (value instanceof String text) {
      return mask(text);
    }
    if (value instanceof Map<?, ?> map) {
      return masked(map);
    }
    return value instanceof List<?> list ? list.stream().map(this::maskedValue).toList() : value;
  }
}
