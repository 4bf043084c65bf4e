// The map: rasters on the GPU, outlines above them.
import {
  GeoJSON,
  GeoTIFF,
  Map,
  Projection,
  ScaleLine,
  Stroke,
  Style,
  VectorLayer,
  VectorSource,
  View,
  WebGLTile,
  defaultControls,
} from './openlayers.js';
import {RAMP, css} from './colours.js';
import {ask} from './server.js';

const TRANSPARENT = [0, 0, 0, 0];
/** How much of the screen's smaller side a candidate takes; at least, in pixels. */
const CANDIDATE_SHARE = 0.3;
const CANDIDATE_PIXELS = 24;
/** Screen pixels that one of the raster's may take at most. */
const CLOSEST = 32;

export class MapPanel {
  /**
   * @param {Element} element Where it is.
   * @param {object} about What holds for all sheets.
   * @param {object} told Called with what a reader should know: problem(line),
   *     objects(number or null if there are too many), choose(object or null).
   */
  constructor(element, about, told) {
    this.about = about;
    this.told = told;
    this.variables = {threshold: 0.5, channel: 0};
    this.shown = {};
    this.candidate = null;
    this.layers = {};
    this.map = new Map({
      target: element,
      controls: defaultControls({attribution: false, rotate: false}),
    });
    this.busy = () => element.setAttribute('aria-busy', 'true');
    this.map.on('loadstart', this.busy);
    this.map.on('rendercomplete', () => {
      // A raster whose header is still being read has nothing to render.
      const reading = this.map.getLayers().getArray().some((layer) =>
        layer.getVisible() && layer.getSource().getState() === 'loading');
      if (!this.fetching && !reading) element.setAttribute('aria-busy', 'false');
    });
    this.map.on('moveend', () => this.fetchOutlines());
    this.map.on('click', (event) => this.choose(event.pixel));
  }

  /** Show a sheet from its beginning, as the server describes it. */
  open(number, sheet) {
    this.busy();
    this.number = number;
    this.sheet = sheet;
    this.projection = new Projection({
      // One for all: between sheets nothing is ever transformed.
      code: 'sheet',
      units: 'm',
      metersPerUnit: sheet.metres_per_unit ?? 1,
      extent: sheet.bounds,
    });
    const [left, bottom, right, top] = sheet.bounds;
    this.map.getLayers().clear();
    const size = this.map.getSize();
    const whole = Math.max((right - left) / size[0], (top - bottom) / size[1]);
    this.map.setView(new View({
      projection: this.projection,
      center: [(left + right) / 2, (bottom + top) / 2],
      resolution: whole,
      maxResolution: 2 * whole,
      minResolution: sheet.pixel / CLOSEST,
      showFullExtent: true,
      smoothResolutionConstraint: false,
    }));
    this.layers = {
      image: sheet.image && this.raster('image', {}, {
        normalize: true,
        bands: sheet.image.bands,
        min: sheet.image.low.map((value) => value ?? undefined),
        max: sheet.image.high.map((value) => value ?? undefined),
      }),
      probability: sheet.probability && this.raster('probability', {
        variables: this.variables,
        color: probabilityColour(sheet.probability),
      }),
      classes: sheet.classes && this.raster('classes', {
        color: classColour(this.about.classes),
      }),
      objects: sheet.objects
        ? this.outlines((feature) => this.objectStyle(feature))
        : null,
      candidates: this.about.review &&
        this.outlines((feature) => this.candidateStyle(feature)),
    };
    for (const [name, layer] of Object.entries(this.layers)) {
      if (!layer) continue;
      layer.setVisible(this.shown[name] ?? true);
      this.map.addLayer(layer);
    }
    for (const control of this.map.getControls().getArray().slice()) {
      if (control instanceof ScaleLine) this.map.removeControl(control);
    }
    if (sheet.metres_per_unit) this.map.addControl(new ScaleLine({minWidth: 80}));
  }

  show(name, visible) {
    this.shown[name] = visible;
    this.layers[name]?.setVisible(visible);
    if (visible) this.fetchOutlines();
  }

  /** Restyle probabilities on the GPU: nothing is fetched or decoded again. */
  restyle(variables) {
    Object.assign(this.variables, variables);
    this.layers.probability?.updateStyleVariables(variables);
  }

  /** Go to a candidate on the sheet that is open. */
  goTo(candidate) {
    this.candidate = candidate;
    const [left, bottom, right, top] = candidate.bounds;
    const size = this.map.getSize();
    const side = Math.max(
      right - left, top - bottom, CANDIDATE_PIXELS * this.sheet.pixel);
    this.map.getView().setCenter([(left + right) / 2, (bottom + top) / 2]);
    this.map.getView().setResolution(side / (CANDIDATE_SHARE * Math.min(...size)));
    this.layers.candidates?.changed();
  }

  raster(part, style, {normalize = false, ...reading} = {}) {
    const {version, nodata} = this.sheet[part];
    const source = new GeoTIFF({
      sources: [{
        url: `/sheets/${this.number}/${part}/${version}`,
        // Told, since OpenLayers finds that of a file's first bands only.
        nodata: nodata.map((value) => (value === null ? undefined : Number(value))),
        ...reading,
      }],
      projection: this.projection,
      convertToRGB: 'auto',
      normalize,
      // Imagery may be smoothed; of a decision every pixel counts.
      interpolate: part === 'image',
      transition: 0,
    });
    source.on('change', () => {
      if (source.getState() === 'error') {
        this.told.problem(`${part}: ${source.getError().message}`);
      }
    });
    source.on('tileloaderror', () => {
      this.told.problem(`${part}: a part of it can't be read`);
    });
    return new WebGLTile({source, style});
  }

  outlines(style) {
    return new VectorLayer({source: new VectorSource(), style, updateWhileAnimating: true});
  }

  /** What lies in the part that is on the screen. */
  async fetchOutlines() {
    this.fetching?.abort();
    const fetching = new AbortController();
    this.fetching = fetching;
    this.busy();
    const bounds = this.map.getView().calculateExtent(this.map.getSize());
    try {
      for (const name of ['objects', 'candidates']) {
        const layer = this.layers[name];
        if (!layer?.getVisible()) continue;
        const found = await ask(
          `/sheets/${this.number}/${name}?bounds=${bounds.join(',')}`,
          {signal: fetching.signal},
        );
        const features = found
          ? new GeoJSON().readFeatures(found, {
            dataProjection: this.projection,
            featureProjection: this.projection,
          })
          : [];
        layer.getSource().clear(true);
        layer.getSource().addFeatures(features);
        if (name === 'objects') this.told.objects(found && features.length);
      }
    } catch (error) {
      if (error.name !== 'AbortError') this.told.problem(error.message);
    } finally {
      if (this.fetching === fetching) {
        this.fetching = null;
        this.map.render();
      }
    }
  }

  choose(pixel) {
    const [feature] = this.map.getFeaturesAtPixel(pixel, {
      layerFilter: (layer) => layer === this.layers.objects,
      hitTolerance: 4,
    });
    this.told.choose(feature ? feature.getProperties() : null);
  }

  objectStyle(feature) {
    const source = feature.get('source');
    const found = this.about.classes.find(({name}) => name === source);
    return outline(found?.colour ?? [255, 255, 255], 2);
  }

  candidateStyle(feature) {
    const colour = this.about.kinds[feature.get('kind')] ?? [255, 255, 255];
    const current = Number(feature.getId()) === this.candidate?.id;
    return outline(colour, current ? 4 : 2, current ? undefined : [6, 5]);
  }
}

/** A line in a colour with a dark seam, to be seen on bright and dark ground. */
function outline(colour, width, lineDash) {
  return [
    new Style({stroke: new Stroke({color: css([0, 0, 0], 0.55), width: width + 2})}),
    new Style({stroke: new Stroke({color: css(colour), width, lineDash})}),
  ];
}

/** Of a pixel's probability: nothing below the threshold or without data. */
function probabilityColour({channels, scale}) {
  const bands = channels.map((_, index) => ['*', ['band', index + 1], scale]);
  const highest = bands.reduce((most, band) => ['case', ['>', band, most], band, most]);
  const value = ['case'];
  bands.forEach((band, index) => {
    value.push(['==', ['var', 'channel'], index + 1], band);
  });
  value.push(highest);
  const stops = RAMP.flatMap((colour, index) => [
    index / (RAMP.length - 1),
    [...colour, 0.85],
  ]);
  return [
    'case',
    ['==', ['band', channels.length + 1], 0], TRANSPARENT,
    // Half of a byte's step: 0.29 as it is typed is not 0.29 as it is divided.
    ['<', ['+', value, scale < 1 ? scale / 2 : 0], ['var', 'threshold']], TRANSPARENT,
    ['interpolate', ['linear'], value, ...stops],
  ];
}

function classColour(classes) {
  return [
    'match',
    ['band', 1],
    ...classes.flatMap(({code, colour}) => [code, [...colour, 0.7]]),
    TRANSPARENT,
  ];
}
