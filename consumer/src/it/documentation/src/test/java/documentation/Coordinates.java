package documentation;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/**
 * A dependency in XML.
 *
 * @param group its group
 * @param artifact its name
 * @param classifier its classifier, "" without one
 * @param version its version, "" without one
 */
record Coordinates(String group, String artifact, String classifier, String version) {

  /** Returns the dependencies of a project or a part of one, the managed ones included. */
  static List<Coordinates> of(String xml) {
    NodeList dependencies;
    try {
      dependencies =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new InputSource(new StringReader(xml)))
              .getElementsByTagName("dependency");
    } catch (IOException | ParserConfigurationException | SAXException e) {
      throw new IllegalArgumentException(xml, e);
    }
    List<Coordinates> all = new ArrayList<>();
    for (int i = 0; i < dependencies.getLength(); i++) {
      Element dependency = (Element) dependencies.item(i);
      all.add(
          new Coordinates(
              text(dependency, "groupId"),
              text(dependency, "artifactId"),
              text(dependency, "classifier"),
              text(dependency, "version")));
    }
    return all;
  }

  private static String text(Element dependency, String name) {
    NodeList nodes = dependency.getElementsByTagName(name);
    return nodes.getLength() == 0 ? "" : nodes.item(0).getTextContent().strip();
  }

  /** Returns whether another is of the same artifact. */
  boolean isArtifact(Coordinates other) {
    return group.equals(other.group)
        && artifact.equals(other.artifact)
        && classifier.equals(other.classifier);
  }
}
