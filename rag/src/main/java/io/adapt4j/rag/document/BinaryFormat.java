package io.adapt4j.rag.document;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Non-document formats, detected by their leading bytes regardless of the file name. Texts may
 * begin with signatures in plain letters, such as {@code GIF89a}, so these also need a non-text
 * byte nearby.
 */
enum BinaryFormat {
  PNG("a PNG image", 0, "\u0089PNG\r\n\u001a\n"),
  JPEG("a JPEG image", 0, "\u00ff\u00d8\u00ff"),
  GIF("a GIF image", 0, "GIF8"),
  TIFF_LITTLE("a TIFF image", 0, "II*\0"),
  TIFF_BIG("a TIFF image", 0, "MM\0*"),
  BMP("a BMP image", 0, "BM"),
  ICON("an icon", 0, "\0\0\1\0"),
  JPEG_2000("a JPEG 2000 image", 0, "\0\0\0\fjP  "),
  PHOTOSHOP("a Photoshop image", 0, "8BPS"),
  DJVU("a DjVu file", 0, "AT&TFORM"),
  RIFF("an image, sound or video", 0, "RIFF"),
  MEDIA("a video or image", 4, "ftyp"),
  MATROSKA("a video", 0, "\u001aE\u00df\u00a3"),
  OGG("a sound or video", 0, "OggS"),
  FLAC("a sound", 0, "fLaC"),
  MP3("a sound", 0, "ID3"),
  MIDI("a sound", 0, "MThd"),
  MPEG_SOUND("a sound", 0, "\u00ff\u00fb"),
  GZIP("a compressed file", 0, "\u001f\u008b"),
  BZIP2("a compressed file", 0, "BZh"),
  XZ("a compressed file", 0, "\u00fd7zXZ\0"),
  ZSTD("a compressed file", 0, "(\u00b5/\u00fd"),
  LZ4("a compressed file", 0, "\u0004\"M\u0018"),
  COMPRESS("a compressed file", 0, "\u001f\u009d"),
  SEVEN_ZIP("an archive", 0, "7z\u00bc\u00af'\u001c"),
  RAR("an archive", 0, "Rar!\u001a\u0007"),
  CABINET("an archive", 0, "MSCF"),
  TAR("an archive", 257, "ustar"),
  UNIX_ARCHIVE("an archive", 0, "!<arch>\n"),
  RPM("a package", 0, "\u00ed\u00ab\u00ee\u00db"),
  ELF("a program", 0, "\u007fELF"),
  WINDOWS_PROGRAM("a program", 0, "MZ"),
  MACH_O("a program", 0, "\u00cf\u00fa\u00ed\u00fe"),
  MACH_O_BIG("a program", 0, "\u00fe\u00ed\u00fa\u00cf"),
  JAVA_CLASS("a compiled program", 0, "\u00ca\u00fe\u00ba\u00be"),
  WASM("a compiled program", 0, "\0asm"),
  COMPOUND(
      "a file of an older office program, or a Windows installer", 0, "\u00d0\u00cf\u0011\u00e0"),
  SQLITE("a database", 0, "SQLite format 3\0"),
  PARQUET("a Parquet file", 0, "PAR1"),
  GGUF("a GGUF file", 0, "GGUF"),
  NUMPY("an array of numbers", 0, "\u0093NUMPY"),
  HDF5("an HDF5 file", 0, "\u0089HDF\r\n\u001a\n"),
  WOFF("a font", 0, "wOFF"),
  WOFF2("a font", 0, "wOF2"),
  TRUE_TYPE("a font", 0, "\0\1\0\0"),
  OPEN_TYPE("a font", 0, "OTTO"),
  LUCENE("a file of a search index", 0, "?\u00d7l\u0017");

  /** Number of bytes after a plain-letter signature that are searched for a non-text byte. */
  private static final int HEAD = 512;

  private final String description;
  private final int offset;

  /** One character per byte. */
  private final String signature;

  BinaryFormat(String description, int offset, String signature) {
    this.description = description;
    this.offset = offset;
    this.signature = signature;
  }

  /** Returns the format's name, with its article. */
  String description() {
    return description;
  }

  /** Returns the media type of a picture that can be read as a page; empty for other formats. */
  String pictureType() {
    return switch (this) {
      case PNG -> "image/png";
      case JPEG -> "image/jpeg";
      case TIFF_LITTLE, TIFF_BIG -> FileType.TIFF;
      default -> "";
    };
  }

  /** Returns the format of bytes; empty if they may be text. */
  static Optional<BinaryFormat> of(byte[] bytes) {
    return Arrays.stream(values()).filter(format -> format.matches(bytes)).findFirst();
  }

  private boolean matches(byte[] bytes) {
    int length = signature.length();
    return bytes.length >= offset + length
        && new String(bytes, offset, length, StandardCharsets.ISO_8859_1).equals(signature)
        && (!isPlain() || hasControl(bytes, Math.min(bytes.length, HEAD)));
  }

  private boolean isPlain() {
    byte[] bytes = signature.getBytes(StandardCharsets.ISO_8859_1);
    return signature.chars().allMatch(character -> character < 0x80)
        && !hasControl(bytes, bytes.length);
  }

  /** Returns whether there is a control character other than whitespace. */
  private static boolean hasControl(byte[] bytes, int end) {
    for (int i = 0; i < end; i++) {
      int value = bytes[i] & 0xff;
      boolean layout = (value >= '\t' && value <= '\r') || value == 0x1b;
      if ((value < ' ' && !layout) || value == 0x7f) {
        return true;
      }
    }
    return false;
  }
}
