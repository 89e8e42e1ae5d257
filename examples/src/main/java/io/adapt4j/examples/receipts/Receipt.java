package io.adapt4j.examples.receipts;

import io.adapt4j.vision.Picture;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/**
 * A drawn receipt whose text is known.
 *
 * @param shop name of the shop
 * @param date month and day, such as 03-14
 * @param total price of what was bought, such as 12.50
 * @param layout where it comes from
 * @param image its picture
 */
public record Receipt(String shop, String date, String total, Layout layout, BufferedImage image) {

  /** The question that a reader is asked. */
  public static final String QUESTION = "Read it.";

  private static final List<String> SHOPS =
      List.of("BAKERY", "BOOKS", "CAFE", "FLOWERS", "GARDEN", "GROCER", "KIOSK", "PHARMACY");
  private static final List<String> ITEMS =
      List.of("BREAD", "COFFEE", "HONEY", "LAMP", "MILK", "PENCIL", "ROSES", "SOUP", "TEA");

  /** Layouts of receipts. */
  public enum Layout {
    /** Shop, date, item and SUM from top to bottom, from a scanner: straight, a PNG file. */
    TILL("png"),
    /** Total, item, shop and date, from a phone: rotated, noisy, a JPEG file. */
    KIOSK("jpg");

    private final String format;

    Layout(String format) {
      this.format = format;
    }
  }

  /**
   * Draws a receipt.
   *
   * @param layout where it comes from
   * @param random of its fields and noise
   * @return the receipt
   */
  public static Receipt draw(Layout layout, SplittableRandom random) {
    String shop = SHOPS.get(random.nextInt(SHOPS.size()));
    String date =
        String.format(Locale.ROOT, "%02d-%02d", 1 + random.nextInt(12), 1 + random.nextInt(28));
    String total = money(100 + random.nextInt(9900));
    String item = ITEMS.get(random.nextInt(ITEMS.size()));
    Canvas canvas = new Canvas();
    int margin = 4 + random.nextInt(8);
    if (layout == Layout.TILL) {
      canvas.print(0, margin, shop);
      canvas.print(2, margin, date);
      canvas.print(3, margin, item);
      canvas.print(4, margin, "SUM " + total);
      return new Receipt(shop, date, total, layout, canvas.photograph(0, 0.02, random));
    }
    canvas.print(0, margin, total);
    canvas.print(1, margin, item);
    canvas.print(3, margin, shop);
    canvas.print(4, margin, date);
    double degrees = random.nextDouble(-4, 4);
    return new Receipt(shop, date, total, layout, canvas.photograph(degrees, 0.12, random));
  }

  private static String money(int cents) {
    return String.format(Locale.ROOT, "%d.%02d", cents / 100, cents % 100);
  }

  /** {@return the fields as a JSON object, which a reader answers} */
  public String json() {
    return "{\"shop\": \"%s\", \"date\": \"%s\", \"total\": \"%s\"}".formatted(shop, date, total);
  }

  /** {@return its picture, as it is read from its file} */
  public Picture picture() {
    return Picture.of(file());
  }

  private byte[] file() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, layout.format, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * Writes receipts as picture files with rows for training.
   *
   * @param folder receives the rows and the folder of pictures
   * @param name of both
   * @param layout where they come from
   * @param count number of receipts
   * @param seed of their fields and noise
   * @return the file of rows, {@code NAME.jsonl}
   */
  public static Path write(Path folder, String name, Layout layout, int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder rows = new StringBuilder();
    try {
      Files.createDirectories(folder.resolve(name));
      for (int i = 0; i < count; i++) {
        Receipt receipt = draw(layout, random);
        String file = name + "/" + i + "." + layout.format;
        Files.write(folder.resolve(file), receipt.file());
        rows.append("{\"messages\": [{\"role\": \"user\", \"content\": \"<image>")
            .append(QUESTION)
            .append("\"}, {\"role\": \"assistant\", \"content\": \"")
            .append(receipt.json().replace("\"", "\\\""))
            .append("\"}], \"images\": [\"")
            .append(file)
            .append("\"]}\n");
      }
      return Files.writeString(folder.resolve(name + ".jsonl"), rows);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
