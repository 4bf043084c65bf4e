// What the page uses of OpenLayers; nothing else comes into the bundle.
export {default as GeoJSON} from 'ol/format/GeoJSON.js';
export {default as Map} from 'ol/Map.js';
export {default as Projection} from 'ol/proj/Projection.js';
export {default as ScaleLine} from 'ol/control/ScaleLine.js';
export {default as VectorLayer} from 'ol/layer/Vector.js';
export {default as VectorSource} from 'ol/source/Vector.js';
export {default as View} from 'ol/View.js';
export {default as WebGLTile} from 'ol/layer/WebGLTile.js';
export {default as GeoTIFF} from 'ol/source/GeoTIFF.js';
export {Stroke, Style} from 'ol/style.js';
export {defaults as defaultControls} from 'ol/control/defaults.js';
