package io.adapt4j.rag;

import io.adapt4j.core.internal.Texts;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.internal.embed.ModelIdentity;
import io.adapt4j.rag.internal.picture.PictureReading;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.SearchQuery;
import io.adapt4j.vision.ImageEmbedder;
import io.adapt4j.vision.Picture;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An index of pictures that is searched by texts: photos, screenshots, and the pages of PDF and
 * TIFF files as they look, whether or not they have text. It lies in a folder, as a {@link
 * LuceneIndex} of the vectors of an {@link ImageEmbedder}; the files stay where they are.
 *
 * <p>Reads PNG, JPEG, TIFF, WebP, GIF and BMP files, and PDF files with Apache Tika on the class
 * path; at most 500 pages of a file. Other files give nothing, and neither do pages of a single
 * color. Transparent pixels are seen over white, and pages larger than 4 million pixels are
 * reduced. Needs {@code adapt4j-vision} on the class path.
 *
 * <p>Thread-safe: changes run one after the other, while any number of threads search. Only one
 * instance of a folder may be open.
 */
public final class PictureIndex implements AutoCloseable {

  /** Version of how pages become pictures, whose change gives other vectors. */
  private static final String PAGES = "pictures 1";

  private final LuceneIndex index;
  private final ImageEmbedder model;

  private PictureIndex(LuceneIndex index, ImageEmbedder model) {
    this.index = index;
    this.model = model;
  }

  /**
   * Opens the index in a folder, creating it if absent.
   *
   * @param folder the index folder
   * @param model the model, closed by the caller after the index
   * @return the index, closed by the caller
   * @throws IllegalStateException if the folder has the index of another model, holds other files,
   *     or is open elsewhere
   * @throws java.io.UncheckedIOException if the index is damaged or cannot be read
   */
  public static PictureIndex open(Path folder, ImageEmbedder model) {
    Texts.require("folder", folder);
    String identity = ModelIdentity.of(Texts.require("model", model).folder(), PAGES);
    return new PictureIndex(
        LuceneIndex.builder(folder).embeddings(identity, model.dimension()).open(), model);
  }

  /**
   * Adds the pictures of files, replacing those of files with the same ids. Pages whose picture the
   * index has already are not embedded again. Files and pages that cannot be read are reported, and
   * the rest continues.
   *
   * @param files such as {@code Documents.in(folder)}
   * @return summary of changes; its chunks are pictures
   */
  public IngestReport add(Documents files) {
    return change(files, false);
  }

  /**
   * Adds new and changed files, and deletes those that are not there any more, except files that
   * cannot be read.
   *
   * @param files all files of the index
   * @return summary of changes; its chunks are pictures
   * @throws IllegalStateException if no file gives a picture and all would be deleted
   */
  public IngestReport sync(Documents files) {
    return change(files, true);
  }

  private synchronized IngestReport change(Documents files, boolean all) {
    PictureReading reading = new PictureReading(Texts.require("files", files), index, model);
    Ingestion ingestion = new Ingestion(reading::pages, reading, index);
    return all ? ingestion.sync(reading, "") : ingestion.run(reading);
  }

  /**
   * Removes the pictures of files.
   *
   * @param files their ids; unknown ones are ignored
   */
  public void delete(List<String> files) {
    Texts.requireAll("files", files);
    index.delete(files);
  }

  /**
   * Finds the pictures that a text describes.
   *
   * @param text such as {@code "a bar chart of sales"}; SigLIP and CLIP are trained on captions
   * @param limit maximum number of hits, at least 1
   * @return hits, best first
   */
  public List<PictureHit> search(String text, int limit) {
    return search(model.embedText(text), limit);
  }

  /**
   * Finds the pictures that look like another.
   *
   * @param picture the picture, in the index or not
   * @param limit maximum number of hits, at least 1
   * @return hits, best first
   */
  public List<PictureHit> search(Picture picture, int limit) {
    return search(model.embed(picture), limit);
  }

  private List<PictureHit> search(float[] vector, int limit) {
    SearchQuery query =
        new SearchQuery("", Optional.of(vector), limit, Optional.empty(), Fusion.standard());
    return index.search(query).stream()
        .map(hit -> new PictureHit(hit.chunk().documentId(), hit.chunk().number() + 1, hit.score()))
        .toList();
  }

  /** Writes pending changes and closes the index; the model stays open. */
  @Override
  public void close() {
    index.close();
  }
}
