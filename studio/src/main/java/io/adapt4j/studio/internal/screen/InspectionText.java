package io.adapt4j.studio.internal.screen;

import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import java.util.Locale;
import java.util.stream.Collectors;

/** Says what a path holds. */
final class InspectionText {

  private InspectionText() {}

  /** Says it in a line, such as {@code 1,204 rows: prompts with answers}. */
  static String line(Look look, Inspection inspection) {
    Formats formats = look.formats();
    return switch (inspection.kind()) {
      case ROWS ->
          inspection.rows() == 0
              ? look.message("what_unreadable")
              : look.message(
                  "what_rows", formats.count(inspection.rows()), shape(look, inspection));
      case DOCUMENTS ->
          inspection.rows() == 1
              ? look.message("what_document")
              : look.message("what_documents", formats.count(inspection.rows()));
      case MODEL -> look.message("what_model", formats.bytes(inspection.bytes()));
      case OTHER -> look.message("what_other");
    };
  }

  /** Names the shape of the rows. */
  static String shape(Look look, Inspection inspection) {
    return inspection.shape().isEmpty()
        ? look.message("shape_none")
        : look.message("shape_" + inspection.shape().toLowerCase(Locale.ROOT));
  }

  /** Lists the files by extension, such as {@code 12 pdf, 3 md}. */
  static String files(Look look, Inspection inspection) {
    return inspection.files().entrySet().stream()
        .limit(12)
        .map(each -> look.formats().count(each.getValue()) + " " + each.getKey())
        .collect(Collectors.joining(", "));
  }
}
