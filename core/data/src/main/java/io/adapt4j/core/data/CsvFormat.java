package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Delimited records as in RFC 4180; quoted fields may contain line breaks. */
final class CsvFormat implements RecordFormat {

  private static final char[] OTHER_DELIMITERS = {';', '\t', '|', ','};

  private final char delimiter;
  private final boolean quotes;

  /** Column names; null until the header is read. */
  private @Nullable List<String> columns;

  private final boolean hasHeader;

  CsvFormat(char delimiter, boolean quotes, @Nullable List<String> columns) {
    this.delimiter = delimiter;
    this.quotes = quotes;
    this.columns = columns;
    this.hasHeader = columns == null;
  }

  @Override
  public void scan(SourceFile source, Sink sink) throws IOException {
    boolean header = hasHeader;
    try (CsvRecords records =
        new CsvRecords(source.content(), source.start(), (byte) delimiter, quotes)) {
      while (records.next()) {
        if (records.isBlank()) {
          continue;
        }
        if (header) {
          columns = header(source, records);
          header = false;
        } else if (records.tooLong()) {
          sink.tooLong(records.offset(), records.line());
        } else {
          sink.row(
              records.offset(),
              records.length(),
              records.line(),
              0,
              () -> {
                if (records.unclosed()) {
                  throw new RowProblem(
                      "expected a closing quote, found the end of the file. Close the quote, double"
                          + " quotes inside a field, or read without quotes.");
                }
                return row(RowProblem.decodeUtf8(records.bytes(), 0, records.length()));
              });
        }
      }
    }
  }

  @Override
  public ObjectNode parse(byte[] record, int part) throws RowProblem {
    return row(RowProblem.decodeUtf8(record, 0, record.length));
  }

  private List<String> header(SourceFile source, CsvRecords records) {
    try {
      if (records.unclosed() || records.tooLong()) {
        throw new RowProblem("a quote is not closed. Close it, or read without quotes.");
      }
      List<String> names =
          fields(RowProblem.decodeUtf8(records.bytes(), 0, records.length())).stream()
              .map(String::strip)
              .toList();
      requireDelimiter(names, RowProblem.decodeUtf8(records.bytes(), 0, records.length()));
      Set<String> seen = new HashSet<>();
      for (String name : names) {
        if (name.isEmpty() || !seen.add(name)) {
          throw new RowProblem(
              "expected its own name for every column, found "
                  + names
                  + ". Correct the header, or state the columns if the file has none.");
        }
      }
      return names;
    } catch (RowProblem e) {
      throw new DatasetException(
          source.file() + ": header in line " + records.line() + ": " + e.getMessage());
    }
  }

  /** Rejects a single column whose name contains another common delimiter. */
  private void requireDelimiter(List<String> names, String record) throws RowProblem {
    if (record.indexOf('\u0000') >= 0) {
      throw new RowProblem(
          "found zero bytes between the letters, as UTF-16 has them. Set encoding to utf-16le, or"
              + " convert the file to UTF-8.");
    }
    if (names.size() != 1 || record.strip().startsWith("\"")) {
      return;
    }
    for (char other : OTHER_DELIMITERS) {
      if (other != delimiter && names.get(0).indexOf(other) > 0) {
        String shown = other == '\t' ? "a tab" : "'" + other + "'";
        throw new RowProblem(
            ("the fields [%s] are of no known shape: expected names with %s between them,"
                    + " found one that holds %s. State another delimiter: %s.")
                .formatted(
                    RowProblem.quote(names.get(0)),
                    delimiter == '\t' ? "tabs" : "'" + delimiter + "'",
                    shown,
                    other == '\t' ? "a tab, \"\\t\" in double quotes" : shown));
      }
    }
  }

  private ObjectNode row(String record) throws RowProblem {
    List<String> fields = fields(record);
    List<String> names = Objects.requireNonNull(columns, "the header is read first");
    if (fields.size() != names.size()) {
      throw new RowProblem(
          ("expected %s fields %s, found %s in %s. Quote fields that hold the delimiter, or"
                  + " state another delimiter.")
              .formatted(
                  columns.size(),
                  RowProblem.quote(columns.toString()),
                  fields.size(),
                  RowProblem.quote(record)));
    }
    ObjectNode row = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < fields.size(); i++) {
      row.put(columns.get(i), fields.get(i));
    }
    return row;
  }

  private List<String> fields(String record) throws RowProblem {
    if (!quotes) {
      return Arrays.asList(record.split(Pattern.quote(String.valueOf(delimiter)), -1));
    }
    try {
      return CsvReader.builder()
          .fieldSeparator(delimiter)
          .maxBufferSize(LineReader.LONGEST_LINE)
          .ofSingleCsvRecord(record)
          .getFields();
    } catch (CsvParseException | IllegalArgumentException e) {
      throw new RowProblem(
          "not valid CSV: %s in %s. Double quotes inside a quoted field, or read without quotes."
              .formatted(e.getMessage(), RowProblem.quote(record)));
    }
  }
}
