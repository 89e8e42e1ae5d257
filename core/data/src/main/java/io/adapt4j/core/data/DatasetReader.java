package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Nearest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Options for reading a file or a folder of files. Options that are not set are detected: the
 * {@link Format} by the file's extension, gzip and formats of other modules ({@link
 * JsonLinesConverter}) by the first bytes, the encoding by a byte order mark (else UTF-8), the
 * {@link Shape} by the fields of the first row.
 *
 * <pre>{@code
 * Dataset questions =
 *     Datasets.read(Path.of("faq.csv.gz"))
 *         .delimiter(';')
 *         .map("question", "prompt")
 *         .map("reply", "completion")
 *         .quarantine(Path.of("faq.malformed.jsonl"))
 *         .open();
 * }</pre>
 *
 * <p>Not thread-safe.
 */
public final class DatasetReader {

  private final Path path;
  private @Nullable String glob;
  private @Nullable Format format;
  private @Nullable Charset encoding;
  private @Nullable Character delimiter;
  private boolean quotes = true;
  private @Nullable List<String> columns;
  private TextUnit textUnit = TextUnit.DOCUMENT;
  private @Nullable String rowsAt;
  private @Nullable Shape shape;
  private @Nullable PromptTemplate template;
  private @Nullable String noAnswer;
  private boolean asChat;
  private @Nullable String system;
  private @Nullable ExampleReader reader;
  private boolean plain;
  private final Map<String, String> renames = new LinkedHashMap<>();
  private boolean mayLack;
  private Set<String> unmatched = Set.of();
  private boolean skipMalformed;
  private @Nullable Path quarantine;
  private int @Nullable [] lineBytes;

  DatasetReader(Path path) {
    this.path = Objects.requireNonNull(path, "path");
  }

  /**
   * Selects files of a folder. Default: all non-hidden files.
   *
   * @param pattern a {@code glob} as in {@link FileSystems}, matched against the path below the
   *     folder, such as {@code **.txt}
   */
  public DatasetReader files(String pattern) {
    this.glob = pattern;
    return this;
  }

  /**
   * Sets the format. Default: by the extension, ignoring {@code .gz}: {@code jsonl} and {@code
   * ndjson}, {@code json} (also if it contains JSON Lines), {@code csv}, {@code tsv} and {@code
   * tab}, {@code txt}, {@code text} and {@code md}.
   *
   * @param fileFormat the format
   */
  public DatasetReader format(Format fileFormat) {
    this.format = fileFormat;
    return this;
  }

  /**
   * Sets the encoding. Default: that of a byte order mark (UTF-8, UTF-16, UTF-32), else UTF-8.
   *
   * @param charset the encoding
   */
  public DatasetReader encoding(Charset charset) {
    this.encoding = charset;
    return this;
  }

  /**
   * Sets the delimiter of CSV fields. Default: a comma; in TSV a tab.
   *
   * @param character an ASCII character other than a quote or a line end
   * @throws IllegalArgumentException if it is another character
   */
  public DatasetReader delimiter(char character) {
    if (character > 0x7f || character == '"' || character == '\n' || character == '\r') {
      throw new IllegalArgumentException(
          "delimiter must be an ASCII character other than a quote or a line end, found '"
              + character
              + "'");
    }
    this.delimiter = character;
    return this;
  }

  /**
   * Treats quotes in CSV or TSV as ordinary characters, as in the files of GLUE. Default: fields
   * may be quoted.
   */
  public DatasetReader withoutQuotes() {
    this.quotes = false;
    return this;
  }

  /**
   * Names the columns of a CSV or TSV file without a header. Default: the first record names them.
   *
   * @param names the names of all columns
   * @throws IllegalArgumentException if there are none, or two are equal
   */
  public DatasetReader columns(String... names) {
    if (names.length == 0 || Stream.of(names).distinct().count() < names.length) {
      throw new IllegalArgumentException(
          "columns need their own name each, found " + List.of(names));
    }
    this.columns = List.of(names);
    return this;
  }

  /**
   * Sets how plain text is split into rows. Default: {@link TextUnit#DOCUMENT}.
   *
   * @param unit the unit of a row
   */
  public DatasetReader textUnit(TextUnit unit) {
    this.textUnit = Objects.requireNonNull(unit, "unit");
    return this;
  }

  /**
   * Names the field of a JSON object that contains the rows. Default: the only field that is an
   * array of objects.
   *
   * @param field its name
   */
  public DatasetReader rowsAt(String field) {
    this.rowsAt = field;
    return this;
  }

  /**
   * Sets the shape of the rows. Default: recognized from the first row; rows of another shape are
   * malformed.
   *
   * @param rowShape the shape
   */
  public DatasetReader shape(Shape rowShape) {
    this.shape = rowShape;
    return this;
  }

  /**
   * Maps a field of the file to a field of the shape. An existing field of that name is ignored.
   * Reading fails if no row has the field.
   *
   * @param field its name in the file
   * @param as the shape's name for it
   * @throws IllegalArgumentException if another field is already mapped to that name
   */
  public DatasetReader map(String field, String as) {
    if (renames.containsValue(as) && !as.equals(renames.get(field))) {
      throw new IllegalArgumentException(
          "two fields cannot both be '" + as + "': already mapped are " + renames.keySet());
    }
    renames.put(field, as);
    return this;
  }

  /**
   * Reads rows with a function. It is called for every row when the file is opened and again when
   * the row is read, so it must return the same example for the same row; if it throws, the row is
   * malformed.
   *
   * @param function creates an example from a row's fields
   */
  public DatasetReader map(Function<Row, ? extends Example> function) {
    this.reader = ExampleReader.of(function);
    this.plain = false;
    return this;
  }

  /**
   * Sets the template of prompts. Default: that of the shape.
   *
   * @param promptTemplate the template
   */
  public DatasetReader template(PromptTemplate promptTemplate) {
    this.template = promptTemplate;
    return this;
  }

  /**
   * Converts prompts and completions to conversations: the prompt becomes the user's message, the
   * completion the assistant's, and the model's chat template is applied. Prompts then use plain
   * templates: instruction and input, or context and question, separated by an empty line. Default:
   * {@link Example.PromptCompletion}.
   */
  public DatasetReader asChat() {
    this.asChat = true;
    return this;
  }

  /**
   * Converts rows to conversations, as {@link #asChat()}, that begin with a system message.
   *
   * @param systemMessage the instructions for the model
   */
  public DatasetReader asChat(String systemMessage) {
    this.system = systemMessage;
    return asChat();
  }

  /**
   * Sets the completion for questions without answers, as in SQuAD 2. Default: such rows are
   * malformed.
   *
   * @param completion the answer, such as {@code unanswerable}
   */
  public DatasetReader noAnswer(String completion) {
    this.noAnswer = completion;
    return this;
  }

  /**
   * Skips and counts malformed rows. Default: they fail the reading.
   *
   * @throws IllegalStateException if {@link #quarantine} is set
   */
  public DatasetReader skipMalformed() {
    if (quarantine != null) {
      throw new IllegalStateException("malformed rows go to " + quarantine + "; choose one");
    }
    this.skipMalformed = true;
    return this;
  }

  /**
   * Skips malformed rows and writes them to a JSON Lines file: {@code file}, {@code line}, {@code
   * problem}, and the original {@code row}, or {@code base64} if it is not UTF-8. The file is
   * written only if there are any. Default: they fail the reading.
   *
   * @param file the file to write
   * @throws IllegalStateException if {@link #skipMalformed} is set
   */
  public DatasetReader quarantine(Path file) {
    if (skipMalformed) {
      throw new IllegalStateException("malformed rows are skipped; choose one");
    }
    this.quarantine = file;
    return this;
  }

  /**
   * Recognizes the shape of each row separately: a text, a prompt with a completion, or a
   * conversation. Default: all rows have the same shape.
   */
  public DatasetReader mixedShapes() {
    this.reader = new PlainReader();
    this.plain = true;
    return this;
  }

  /**
   * Sets the length of each line of a JSON Lines file, if known from writing it, so that {@link
   * #open} reads only the first line. The others are checked when they are read.
   *
   * @param bytes length of each line including its line end
   */
  public DatasetReader lineBytes(int... bytes) {
    this.lineBytes = bytes.clone();
    return this;
  }

  /**
   * Reads the files once, to check and index every row. Files that are compressed or not in UTF-8
   * are converted to files in the temporary folder, which are deleted when the dataset is no longer
   * used.
   *
   * @return the rows; the files must not change while they are in use
   * @throws DatasetException if a file is missing, unreadable or damaged, the format or the shape
   *     cannot be recognized, there are no rows, or rows are malformed and not skipped: it lists
   *     the first ten problems and counts all
   * @throws IllegalArgumentException if options contradict each other
   */
  public FileDataset open() {
    if (reader != null && (shape != null || template != null || noAnswer != null || asChat)) {
      throw new IllegalArgumentException(
          "a function reads the rows, so shape, template, noAnswer and asChat mean nothing; choose"
              + " one");
    }
    try (Quarantine kept = quarantine == null ? null : new Quarantine(quarantine)) {
      Indexer indexer =
          new Indexer(
              renames,
              new Indexer.Choice(
                  reader,
                  shape,
                  chosen -> new ShapeReader(chosen, template, noAnswer, asChat, system)),
              kept);
      List<Path> files = DatasetFiles.below(path, glob);
      for (Path file : files) {
        SourceFile source = Decompression.open(file, encoding);
        if (lineBytes == null) {
          indexer.add(source, recordFormat(source));
        } else {
          indexer.addLines(source, lineBytes);
        }
      }
      return dataset(indexer, files.size(), kept != null && kept.commit());
    } catch (IOException e) {
      throw SourceFile.unreadable(path, e);
    } catch (UncheckedIOException e) {
      throw SourceFile.unreadable(path, e.getCause());
    }
  }

  /**
   * Allows mapped fields to be missing, since they may be in other files. Default: a field that no
   * row has is an error.
   */
  public DatasetReader mayLackFields() {
    this.mayLack = true;
    return this;
  }

  /** {@return the mapped fields that no row has; known after opening} */
  public Set<String> unmatched() {
    return unmatched;
  }

  /** Describes which fields exist instead of the mapped ones. */
  static String unmatched(Collection<String> missing, Collection<String> fields) {
    String plural = missing.size() == 1 ? "" : "s";
    return "map: expected the field%s %s, found no row that has %s. The fields are %s.%s"
        .formatted(
            plural,
            missing.stream().map(field -> "'" + field + "'").collect(Collectors.joining(", ")),
            missing.size() == 1 ? "it" : "them",
            String.join(", ", fields),
            missing.stream()
                .flatMap(field -> Nearest.to(field, fields).stream())
                .findFirst()
                .map(near -> " Did you mean '" + near + "'?")
                .orElse(""));
  }

  private FileDataset dataset(Indexer indexer, int files, boolean quarantined) {
    unmatched = indexer.unmatched();
    if (!unmatched.isEmpty() && !mayLack && !indexer.fields().isEmpty()) {
      throw new DatasetException(path + ": " + unmatched(unmatched, indexer.fields()));
    }
    if (indexer.malformed() > 0 && !skipMalformed && quarantine == null) {
      throw DatasetException.ofProblems(path, indexer.problems(), indexer.malformed());
    }
    if (indexer.rows() == 0) {
      throw new DatasetException(
          path
              + (indexer.malformed() == 0
                  ? ": expected at least one row, found an empty file. "
                  : ": expected at least one row, found only malformed ones, such as "
                      + indexer.problems().get(0)
                      + " ")
              + "Check that it is the right file.");
    }
    return new FileDataset(
        path,
        indexer.parts(),
        Map.copyOf(renames),
        indexer.reader(),
        new ReadReport(
            files,
            indexer.rows(),
            indexer.malformed(),
            indexer.problems(),
            indexer.shape(),
            indexer.unusedFields(),
            quarantined ? Optional.ofNullable(quarantine) : Optional.empty()),
        this::origin);
  }

  private DataOrigin origin(List<DataOrigin.Source> sources) {
    DataOrigin told = DataOrigin.of(description(), sources);
    return reader == null || plain ? told : told.thenOmitted("rows read with a function");
  }

  /** Returns these options under the keys of a description. */
  private ObjectNode description() {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.put("path", path.toAbsolutePath().normalize().toString());
    put(keys, "files", glob);
    put(keys, "format", format == null ? null : Fields.written(format));
    put(keys, "encoding", encoding == null ? null : encoding.name());
    put(keys, "delimiter", delimiter == null ? null : delimiter.toString());
    if (!quotes) {
      keys.put("quotes", false);
    }
    if (columns != null) {
      columns.forEach(keys.putArray("columns")::add);
    }
    put(keys, "textUnit", textUnit == TextUnit.DOCUMENT ? null : Fields.written(textUnit));
    put(keys, "rowsAt", rowsAt);
    put(keys, "shape", shape == null ? null : Fields.written(shape));
    if (plain) {
      keys.put("mixedShapes", true);
    }
    if (!renames.isEmpty()) {
      renames.forEach(keys.putObject("map")::put);
    }
    if (template != null) {
      template.variants().forEach(keys.putArray("template")::add);
    }
    if (asChat && system == null) {
      keys.put("asChat", true);
    }
    put(keys, "system", system);
    put(keys, "noAnswer", noAnswer);
    if (skipMalformed) {
      keys.put("skipMalformed", true);
    }
    put(keys, "quarantine", quarantine == null ? null : quarantine.toAbsolutePath().toString());
    return keys;
  }

  private static void put(ObjectNode keys, String key, @Nullable String value) {
    if (value != null) {
      keys.put(key, value);
    }
  }

  private RecordFormat recordFormat(SourceFile source) throws IOException {
    Format chosen =
        source.isJsonLines()
            ? Format.JSONL
            : format != null ? format : DatasetFiles.format(source, path);
    if (chosen != Format.CSV
        && chosen != Format.TSV
        && (delimiter != null || columns != null || !quotes)) {
      throw new IllegalArgumentException(
          source.file() + " is " + chosen + ": delimiter, columns and quotes are of CSV and TSV");
    }
    return switch (chosen) {
      case JSONL -> new JsonlFormat();
      case JSON -> new JsonFormat(rowsAt);
      case CSV -> new CsvFormat(delimiter == null ? ',' : delimiter, quotes, columns);
      case TSV -> new CsvFormat(delimiter == null ? '\t' : delimiter, quotes, columns);
      case TEXT -> new TextFormat(textUnit);
    };
  }
}
