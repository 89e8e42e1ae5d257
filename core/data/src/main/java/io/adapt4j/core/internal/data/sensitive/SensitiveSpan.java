package io.adapt4j.core.internal.data.sensitive;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Span of a text with personal data or a secret of a kind such as {@code EMAIL}. */
public record SensitiveSpan(String kind, int start, int end) {

  /** All kinds that are found. */
  public static final Set<String> KINDS = SensitivePattern.kinds();

  /** Finds spans of some kinds by patterns and check digits, in linear time; they may overlap. */
  public static List<SensitiveSpan> find(String text, Set<String> kinds) {
    List<SensitiveSpan> found = new ArrayList<>();
    if (kinds.contains(SensitiveScans.PRIVATE_KEY)) {
      SensitiveScans.privateKeys(text, found);
    }
    if (kinds.contains(SensitiveScans.IBAN)) {
      SensitiveScans.ibans(text, found);
    }
    for (SensitivePattern pattern : SensitivePattern.ALL) {
      if (kinds.contains(pattern.kind())) {
        found.addAll(pattern.find(text));
      }
    }
    return found;
  }

  /** Joins overlapping spans, with the kind of the one that begins first, and sorts them. */
  public static List<SensitiveSpan> joined(List<SensitiveSpan> found) {
    List<SensitiveSpan> sorted = new ArrayList<>(found);
    sorted.sort(Comparator.comparingInt(SensitiveSpan::start));
    List<SensitiveSpan> joined = new ArrayList<>();
    for (SensitiveSpan span : sorted) {
      SensitiveSpan last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      if (last == null || span.start() >= last.end()) {
        joined.add(span);
      } else if (span.end() > last.end()) {
        joined.set(joined.size() - 1, new SensitiveSpan(last.kind(), last.start(), span.end()));
      }
    }
    return joined;
  }

  /** Replaces joined spans by a mask of their kind, such as {@code [EMAIL]}. */
  public static String masked(String text, List<SensitiveSpan> spans, UnaryOperator<String> name) {
    StringBuilder masked = new StringBuilder();
    int at = 0;
    for (SensitiveSpan span : spans) {
      masked.append(text, at, span.start()).append('[').append(name.apply(span.kind())).append(']');
      at = span.end();
    }
    return masked.append(text, at, text.length()).toString();
  }
}
